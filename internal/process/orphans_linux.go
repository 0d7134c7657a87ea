package process

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// orphans keeps account of the processes whose parents, processes of jobs, have ended. They are our own children,
// because we are a subreaper.
//
// The system hands them to the first thread of a process, and lists the children of each thread apart. Our first thread
// starts no processes itself (main keeps it busy), so that its list holds the orphans alone.
type orphans struct {
	on   bool
	mu   sync.Mutex // no orphan is reaped by another goroutine while it is held
	list *os.File   // nil where the system has no such list
	buf  [4096]byte

	known     map[int]*orphan
	selfEnded int // how many have ended by themselves, maybe before anybody looked at them

	stop chan struct{}
	done chan struct{}
}

// orphan is what is known of one orphan. Its pid is its own as long as it is not reaped.
type orphan struct {
	jobIDs  []string
	gotTERM bool
}

// adopt makes us the parent of orphans.
func (o *orphans) adopt(list *os.File) error {
	if err := BecomeSubreaper(); err != nil {
		return err
	}
	o.on, o.list = true, list
	o.known = map[int]*orphan{}
	return nil
}

// BecomeSubreaper makes this process the parent of all descendants whose own parents end.
func BecomeSubreaper() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

// cannotAdopt reports whether orphans become the children of another process: they are then known by their job IDs
// alone.
func (s *Supervisor) cannotAdopt() bool { return s.spec.Adopt && !s.orphans.on && s.noProc == nil }

// pids returns all orphans, zombies too. The caller holds mu.
func (o *orphans) pids(s *Supervisor) []int {
	var found []int
	switch {
	case !o.on:
		return nil
	case o.list == nil:
		return o.search(s)
	}
	text := o.buf[:0]
	for {
		if len(text) == cap(text) {
			text = append(text, make([]byte, len(text))...)[:len(text)]
		}
		n, err := o.list.ReadAt(text[len(text):cap(text)], int64(len(text)))
		text = text[:len(text)+n]
		if n == 0 || err != nil {
			break
		}
	}
	if len(text) == 0 { // mostly
		return nil
	}
	started := s.unreaped()
	for _, word := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil && !started[pid] {
			found = append(found, pid)
		}
	}
	return found
}

// search finds the orphans in a snapshot. That holds no zombies, which are not reaped before we end.
func (o *orphans) search(s *Supervisor) []int {
	var found []int
	self := os.Getpid()
	for _, p := range s.snapshot().orphans {
		if p.Parent == self {
			found = append(found, p.PID)
		}
	}
	return found
}

// selfEnded returns how many orphans have ended by themselves until now. When that changes between two searches, an
// orphan may have been there that had ended before its job IDs were read, and that may have forked before.
func (s *Supervisor) selfEnded() int {
	s.livingOrphans()
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	return s.orphans.selfEnded
}

// reapEvery is how often orphans that have ended are reaped.
const reapEvery = 200 * time.Millisecond

// keepReaping reaps orphans until close.
func (o *orphans) keepReaping(s *Supervisor) {
	o.stop, o.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(o.done)
		tick := time.NewTicker(reapEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.livingOrphans()
			case <-o.stop:
				return
			}
		}
	}()
}

func (o *orphans) close() {
	if o.stop != nil {
		close(o.stop)
		<-o.done
	}
	if o.list != nil {
		o.list.Close()
	}
}

// livingOrphans reaps the orphans that have ended, and returns the others.
func (s *Supervisor) livingOrphans() []int {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	return s.reapOrphans()
}

// reapOrphans is livingOrphans for a caller that holds the lock of the orphans.
func (s *Supervisor) reapOrphans() []int {
	if len(s.orphans.pids(s)) == 0 { // mostly
		return nil
	}
	// A child that is being forked is not known yet, and stands in the list if its thread has ended: its status must
	// not be taken.
	s.forks.Lock()
	defer s.forks.Unlock()
	all := s.orphans.pids(s)
	alive := all[:0]
	for _, pid := range all {
		if got, err := wait(pid, unix.WNOHANG, nil, nil); got == 0 && err == nil {
			alive = append(alive, pid)
			continue
		}
		if o := s.orphans.known[pid]; o == nil || !o.gotTERM {
			s.orphans.selfEnded++
		}
		delete(s.orphans.known, pid)
	}
	return alive
}

// signalOrphans sends TERM, once, or KILL to the orphans that bear the job ID, and reports whether there are any. It is
// quick, so that an orphan which forks and exits again and again is hit before it has forked.
func (s *Supervisor) signalOrphans(jobID string, kill bool) (found bool) {
	all := &s.orphans
	if !all.on {
		return false
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, pid := range all.pids(s) {
		o := all.find(pid)
		if !slices.Contains(o.jobIDs, jobID) {
			continue
		}
		found = true
		// Our own child, which only we reap: the pid is its own.
		switch {
		case kill:
			o.gotTERM = true
			signalChild(pid, unix.SIGKILL)
		case !o.gotTERM:
			o.gotTERM = true
			signalChild(pid, unix.SIGTERM)
			signalChild(pid, unix.SIGCONT)
		}
	}
	if found {
		s.reapOrphans()
	}
	return found
}

// find returns what is known of an orphan. One without job IDs may be in its exec at the moment: it is asked again.
func (o *orphans) find(pid int) *orphan {
	one := o.known[pid]
	if one == nil {
		one = &orphan{}
		o.known[pid] = one
	}
	if len(one.jobIDs) == 0 {
		one.jobIDs = proc.JobIDs(pid)
	}
	return one
}

// orphansOf returns the orphans that bear the job's ID or, without any ID, can only be the job's own.
func (s *Supervisor) orphansOf(t *Tree) (pids []int) {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	for _, pid := range s.orphans.pids(s) {
		switch o := s.orphans.find(pid); {
		case slices.Contains(o.jobIDs, t.jobID):
			pids = append(pids, pid)
		case len(o.jobIDs) == 0:
			if p, ok := proc.Living(pid); ok && t.claims(p) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// orphanGotTERM reports whether a process is an orphan to which TERM was sent.
func (s *Supervisor) orphanGotTERM(p proc.Process) bool {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	o := s.orphans.known[p.PID]
	return o != nil && o.gotTERM
}

// killOrphans kills some orphans. The caller holds the lock of the orphans.
func (s *Supervisor) killOrphans(which func(pid int) bool) {
	for _, pid := range s.orphans.pids(s) {
		if which(pid) {
			// Our own child, which only we reap: the pid is its own.
			signalChild(pid, unix.SIGKILL)
		}
	}
	s.reapOrphans()
}

// killAllOrphans returns how many orphans have not ended yet.
func (s *Supervisor) killAllOrphans() int {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	s.killOrphans(func(int) bool { return true })
	return len(s.reapOrphans())
}

// EndLeftovers ends the leftovers of all jobs, as if each job were stopped: TERM, and KILL after the grace. With
// withoutIDs, only those that have cleared their environment, so that nothing tells their job.
func (s *Supervisor) EndLeftovers(withoutIDs bool) {
	leftovers := func() []proc.Process {
		snap := s.snapshot()
		if withoutIDs {
			return snap.withoutIDs
		}
		return snap.orphans
	}
	ended := s.selfEnded()
	switch {
	case s.cannotAdopt() && withoutIDs: // nothing tells them from other processes
		return
	case !s.cannotAdopt() && len(s.livingOrphans()) == 0 && s.selfEnded() == ended:
		return
	}
	for _, p := range leftovers() {
		p.Terminate()
	}
	grace := time.Now().Add(s.spec.Grace)
	end := grace.Add(killTime)
	for clean := 0; clean < 2; {
		found := len(leftovers()) > 0
		clean++
		if n := s.selfEnded(); found || n != ended {
			clean, ended = 0, n
		}
		switch now := time.Now(); {
		case now.After(end):
			return
		case !found:
		case s.killNow.Load(), now.After(grace):
			s.orphans.mu.Lock()
			s.killOrphans(func(pid int) bool { return !withoutIDs || len(proc.JobIDs(pid)) == 0 })
			s.orphans.mu.Unlock()
			for _, p := range leftovers() {
				p.Send(unix.SIGKILL)
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Leftovers returns the leftovers of all jobs.
func (s *Supervisor) Leftovers() (pids []int) {
	if !s.cannotAdopt() && len(s.livingOrphans()) == 0 {
		return nil
	}
	for _, p := range s.snapshot().orphans {
		pids = append(pids, p.PID)
	}
	return pids
}
