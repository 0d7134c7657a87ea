//go:build !linux

package process

import "fanout/internal/process/proc"

// On these systems there is no way to become the parent of orphans, and none to look at other processes without a
// helper program: groups are all that is reached.

type snapshots struct{}

type orphans struct{}

func (*orphans) close() {}

func (*Supervisor) livingOrphans() []int            { return nil }
func (*Supervisor) selfEnded() int                  { return 0 }
func (*Supervisor) signalOrphans(string, bool) bool { return false }
func (*Supervisor) orphanGotTERM(proc.Process) bool { return false }
func (*Supervisor) killAllOrphans() int             { return 0 }

// EndLeftovers reaches none here.
func (*Supervisor) EndLeftovers(bool) {}

// Leftovers finds none here.
func (*Supervisor) Leftovers() []int { return nil }

// processes finds none: what is left of the group is killed.
func (t *Tree) processes() []proc.Process {
	t.killGroup()
	return nil
}

// probe finds nothing that the system might not have.
func (*Supervisor) probe() error { return nil }

// awaitExecs is not needed with syscall.ForkExec, which waits for them itself.
func (t *Tree) awaitExecs() {}
