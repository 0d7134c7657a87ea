package process

import (
	"os"

	"golang.org/x/sys/unix"
)

// Suspend stops the groups of all jobs, and keeps jobs from starting processes until Resume. It does nothing when they
// are suspended already.
func (s *Supervisor) Suspend() {
	if s.suspended.Swap(true) {
		return
	}
	s.forks.Lock()
	s.signalGroups(unix.SIGSTOP)
}

// Resume continues all jobs.
func (s *Supervisor) Resume() {
	if !s.suspended.Swap(false) {
		return
	}
	s.signalGroups(unix.SIGCONT)
	s.forks.Unlock()
}

func (s *Supervisor) signalGroups(sig unix.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		t.mu.Lock()
		t.signal(sig)
		t.mu.Unlock()
	}
}

// SuspendMyself stops this process until it gets CONT. The call may return a little before that.
func SuspendMyself() { unix.Kill(os.Getpid(), unix.SIGSTOP) }

// Pid returns the PID of the first process of the job's current pipeline, 0 when there is none.
func (t *Tree) Pid() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.group
}
