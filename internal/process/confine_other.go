//go:build !linux

package process

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// confinement is empty here: this process as a whole is confined.
type confinement struct{}

// Confine makes this process nicer by that much, and so those that it starts. It cannot be bound to CPUs here.
func (s *Supervisor) Confine(nice int, cpus []int) error {
	if len(cpus) > 0 {
		return errors.New("--cpu-affinity: this system cannot bind a process to CPUs")
	}
	if nice == 0 {
		return nil
	}
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil {
		err = unix.Setpriority(unix.PRIO_PROCESS, 0, now+nice)
	}
	if err != nil {
		return fmt.Errorf("--nice %d: %w", nice, err)
	}
	return nil
}

func (*confinement) enter() error { return nil }
func (*confinement) leave()       {}

// CPUSet is not known here.
func CPUSet() ([]int, error) { return nil, nil }
