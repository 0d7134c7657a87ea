//go:build !linux

package process

import (
	"errors"
	"time"
)

const memoryEvery = time.Second

// CanLimitMemory says whether there is a way to hold jobs to a limit.
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

// TakeCgroup is without effect where there are no control groups.
func TakeCgroup() error { return errors.ErrUnsupported }

// LeaveCgroups is without effect where there are none.
func LeaveCgroups() {}

func (*Tree) enterCgroup(*Command) error { return nil }
func (*Tree) checkCgroup()               {}
func (*Tree) leaveCgroup()               {}
