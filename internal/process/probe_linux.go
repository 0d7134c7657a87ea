package process

import (
	"fmt"
	"math"
	"os"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// CannotSeeMemory returns why jobs cannot be held to a memory limit; nil when they can.
func CannotSeeMemory() error {
	if err := proc.Unusable(); err != nil {
		return fmt.Errorf("--memory-limit: the memory of jobs cannot be measured: /proc cannot be used: %w", err)
	}
	return nil
}

// noPidfds returns why there are no descriptors of processes, nil when there are. Both calls are made in a way that has
// no effect.
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

// probe finds out what the system lets this Supervisor have, and takes it.
func (s *Supervisor) probe() error {
	list, err := os.Open(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil { // some kernels have no such list
		s.noProc = proc.Unusable()
	}
	if s.spec.Memory > 0 {
		s.cgroups, _ = openCgroups(s.spec.Memory) // without them, we watch the jobs
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
	s.orphans.keepReaping(s)
	return nil
}
