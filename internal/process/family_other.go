//go:build !linux

package process

import "golang.org/x/sys/unix"

// Elsewhere there is no way to become the parent of orphans, and none to look at
// other processes without a helper program: groups are all that is reached.

type census struct{}

type orphans struct{}

// adopt is not possible here.
func (*orphans) adopt() error      { return unix.ENOSYS }
func (*orphans) sweep(*Supervisor) {}
func (*orphans) close()            {}

func (*Supervisor) orphaned() []int          { return nil }
func (*Supervisor) passed() int              { return 0 }
func (*Supervisor) strike(string, bool) bool { return false }
func (*Supervisor) told(relative) bool       { return false }
func (*Supervisor) abortOrphans() int        { return 0 }

// EndOrphans reaches none here.
func (*Supervisor) EndOrphans(bool) {}

// Left knows of none here.
func (*Supervisor) Left() []int { return nil }

// relative would be a process of a job.
type relative struct{ group int }

func (relative) send(unix.Signal)   {}
func (relative) same(relative) bool { return false }

// members kills what is left of the group when its first process has ended, instead
// of giving it the grace, and says that none is left.
func (t *Tree) members() []relative {
	if t.group != 0 && !t.alive() {
		unix.Kill(-t.group, unix.SIGKILL)
	}
	return nil
}

// awaitExecs is not needed with syscall.ForkExec, which waits for them itself.
func (t *Tree) awaitExecs() {}

func now() uint64 { return 1 }
