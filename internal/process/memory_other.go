//go:build !linux

package process

import (
	"errors"
	"time"
)

const memoryEvery = time.Second

// CanLimitMemory reports whether jobs can be held to a memory limit on this system.
const CanLimitMemory = false

// CannotSeeMemory has nothing to add here.
func CannotSeeMemory() error { return nil }

func (t *Tree) checkMemory() {}

func (s *Supervisor) watchesMemory() bool { return false }

type (
	cgroups struct{}
	cgroup  struct{}
)

func openCgroups(int64) (*cgroups, error) { return nil, errors.ErrUnsupported }

// TakeCgroup has no effect where there are no control groups.
func TakeCgroup() error { return errors.ErrUnsupported }

// LeaveCgroups has no effect where there are none.
func LeaveCgroups() {}

func (*Tree) enterCgroup(*Command) error { return nil }
func (*Tree) checkCgroup()               {}
func (*Tree) leaveCgroup()               {}
