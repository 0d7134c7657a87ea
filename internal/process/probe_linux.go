package process

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// NoProc says why /proc cannot be used to look at processes, nil when it can.
func NoProc() error {
	switch self, err := os.Readlink("/proc/self"); {
	case err != nil:
		return err
	case self != strconv.Itoa(os.Getpid()):
		return errors.New("it shows the processes of another PID namespace")
	}
	return nil
}

// CannotSeeMemory says why jobs cannot be held to a limit of memory; nil when they can.
func CannotSeeMemory() error {
	if err := NoProc(); err != nil {
		return fmt.Errorf("--memory-limit: what memory jobs have cannot be seen: /proc cannot be used: %w", err)
	}
	return nil
}

// noPidfds says why there are no descriptors of processes, nil when there are. Both calls are
// made in a way that has no effect.
func noPidfds() error {
	const nobody, nothing = math.MaxInt32, -1
	if fd, err := unix.PidfdOpen(nobody, 0); err != unix.ESRCH {
		unix.Close(fd)
		return fmt.Errorf("pidfd_open: %w", err)
	}
	if err := unix.PidfdSendSignal(nothing, 0, nil, 0); err != unix.EBADF {
		return fmt.Errorf("pidfd_send_signal: %w", err)
	}
	return nil
}

// look finds out what the system lets this Supervisor have, and takes it.
func (s *Supervisor) look() error {
	list, err := os.Open(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil { // some kernels have no such list
		s.noProc = NoProc()
	}
	if s.spec.Memory > 0 {
		s.cgroups, _ = openCgroups(s.spec.Memory) // else, there is another way
	}
	if s.watchesMemory() && s.noProc != nil {
		list.Close()
		return CannotSeeMemory()
	}
	if !s.spec.Adopt {
		list.Close()
		return nil
	}
	s.lack(Proc, s.noProc)
	s.lack(Pidfds, noPidfds())
	if err := s.orphans.adopt(list); err != nil {
		list.Close()
		s.lack(Subreapers, err)
		return nil
	}
	s.orphans.sweep(s)
	return nil
}
