package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// Living is a process of a job, or a program, that was started and has not ended.
type Living struct {
	JobID string // the job's, or the program's
	Pid   int
}

// Living returns the processes that were started and have not ended.
func (s *Supervisor) Living() (all []Living) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		t.mu.Lock()
		for i := range t.children {
			all = append(all, Living{t.jobID, t.children[i].pid})
		}
		t.mu.Unlock()
	}
	return all
}

// Abort kills all that jobs have started, again and again for a moment. It is the last resort when nothing else has
// ended them: it does not wait for their Trees, which may be stuck.
func (s *Supervisor) Abort() {
	const often = 10 * time.Millisecond
	s.KillNow()
	for end := time.Now().Add(killTime / 2); ; time.Sleep(often) {
		s.signalGroups(unix.SIGKILL)
		left := s.unreaped()
		for pid := range left {
			s.killOwn(pid)
		}
		if len(left)+s.killAllOrphans() == 0 || time.Now().After(end) {
			return
		}
	}
}

// killOwn kills a process that its Tree has not reaped.
func (s *Supervisor) killOwn(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		t.mu.Lock()
		for i := range t.children { // not reaped as long as the lock is held
			if t.children[i].pid == pid {
				unix.Kill(pid, unix.SIGKILL)
			}
		}
		t.mu.Unlock()
	}
}
