//go:build !linux

package process

import "golang.org/x/sys/unix"

// IsRemote there is no way to become the parent of orphans, and none to look at
// other processes without a helper program: groups are all that is reached.

type snapshots struct{}

type orphans struct{}

func (*orphans) close() {}

func (*Supervisor) orphaned() []int                 { return nil }
func (*Supervisor) passed() int                     { return 0 }
func (*Supervisor) signalOrphans(string, bool) bool { return false }
func (*Supervisor) told(relative) bool              { return false }
func (*Supervisor) abortOrphans() int               { return 0 }

// EndOrphans reaches none here.
func (*Supervisor) EndOrphans(bool) {}

// Left knows of none here.
func (*Supervisor) Left() []int { return nil }

// relative would be a process of a job.
type relative struct{ group int }

func (relative) send(unix.Signal)   {}
func (relative) same(relative) bool { return false }

// workers says that none is left but in the group, and none there from now on.
func (t *Tree) members() []relative {
	t.killGroup()
	return nil
}

// look finds nothing that the system might not have.
func (*Supervisor) look() error { return nil }

func signalChild(pid int, s unix.Signal) { unix.Kill(pid, s) }

// awaitExecs is not needed with syscall.ForkExec, which waits for them itself.
func (t *Tree) awaitExecs() {}

func now() uint64 { return 1 }
