package process

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// confinement is the niceness and the CPUs that processes inherit from the thread that forks them. It cannot be set for
// this process as a whole: the Go runtime starts threads whenever it likes, and one that is just being started would be
// missed.
type confinement struct {
	nice     bool
	niceness int
	cpus     *unix.CPUSet // nil: all
}

// Confine makes the processes that are started from now on nicer by that much, and binds them to these CPUs; nil means
// all.
func (s *Supervisor) Confine(nice int, cpus []int) error {
	c := &confinement{}
	if nice != 0 {
		// The system call returns 20 − niceness.
		now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
		if err != nil {
			return fmt.Errorf("--nice %d: %w", nice, err)
		}
		c.nice, c.niceness = true, 20-now+nice
	}
	if len(cpus) > 0 {
		c.cpus = new(unix.CPUSet)
		for _, cpu := range cpus {
			c.cpus.Set(cpu)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.nicer(); err != nil {
		return fmt.Errorf("--nice %d: %w", nice, err)
	}
	if err := c.bind(); err != nil {
		return fmt.Errorf("--cpu-affinity %v: %w", cpus, err)
	}
	s.confinement = c
	return nil
}

// enter confines the calling thread, which belongs to the caller until leave.
func (c *confinement) enter() error {
	if c == nil {
		return nil
	}
	runtime.LockOSThread()
	if err := c.nicer(); err != nil {
		return err
	}
	return c.bind()
}

func (c *confinement) leave() {
	if c != nil {
		runtime.UnlockOSThread()
	}
}

func (c *confinement) nicer() error {
	if !c.nice {
		return nil
	}
	return unix.Setpriority(unix.PRIO_PROCESS, 0, c.niceness)
}

func (c *confinement) bind() error {
	if c.cpus == nil {
		return nil
	}
	return unix.SchedSetaffinity(0, c.cpus)
}

// CPUSet returns the CPUs that this process may run on.
func CPUSet() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	var all []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	return all, nil
}
