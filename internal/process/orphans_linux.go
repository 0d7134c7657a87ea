package process

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// orphans is the processes that jobs have left behind and that are now our own
// children, because we are a subreaper.
//
// The system hands them to the first thread of a process, and lists the children
// of each thread apart. Our first thread starts no processes itself (main keeps it
// busy), so that its list is the orphans.
type orphans struct {
	on   bool
	mu   sync.Mutex // who has it may rely on no orphan being reaped
	list *os.File   // nil where the system has no such list
	buf  [4096]byte

	known  map[int]*orphan
	unseen int // how many have ended by themselves, maybe before anybody looked

	stop chan struct{}
	done chan struct{}
}

// orphan is what is known of one. Its pid is its own as long as it is not reaped.
type orphan struct {
	jobIDs []string
	told   bool // it got TERM
}

// adopt makes us the parent of what jobs leave behind.
func (o *orphans) adopt(list *os.File) error {
	if err := BecomeSubreaper(); err != nil {
		return err
	}
	o.on, o.list = true, list
	o.known = map[int]*orphan{}
	return nil
}

// BecomeSubreaper makes this process the parent of what its descendants leave behind.
func BecomeSubreaper() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

// strays says that what jobs leave behind becomes the child of another: it is known by its
// runIDs alone.
func (s *Supervisor) strays() bool { return s.spec.Adopt && !s.orphans.on && s.noProc == nil }

// pids is the orphans, zombies too. The caller holds mu.
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
	own := s.owned()
	for _, word := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil && !own[pid] {
			found = append(found, pid)
		}
	}
	return found
}

// search finds the orphans in all of /proc. Zombies are not among them there, and
// are never reaped before we end.
func (o *orphans) search(s *Supervisor) []int {
	var found []int
	self := os.Getpid()
	for _, r := range s.snapshot().orphans {
		if r.parent == self {
			found = append(found, r.pid)
		}
	}
	return found
}

// passed counts the orphans that have ended by themselves until now. When it changes
// between two looks, one may have been there that had ended before it was asked for
// its marks, and may have forked before.
func (s *Supervisor) passed() int {
	s.orphaned()
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	return s.orphans.unseen
}

// sweepEvery is how often orphans that have ended are reaped.
const sweepEvery = 200 * time.Millisecond

// sweep reaps, until it is stopped.
func (o *orphans) sweep(s *Supervisor) {
	o.stop, o.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(o.done)
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.orphaned()
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

// orphaned is the orphans that live. Those that have ended are reaped.
func (s *Supervisor) orphaned() []int {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	return s.reapOrphans()
}

// reapOrphans is orphaned for who has the lock of the orphans.
func (s *Supervisor) reapOrphans() []int {
	if len(s.orphans.pids(s)) == 0 { // mostly
		return nil
	}
	// A child that is being forked is not known yet, and could be in the list if its
	// thread has ended: its status must not be taken.
	s.forks.Lock()
	defer s.forks.Unlock()
	all := s.orphans.pids(s)
	lives := all[:0]
	for _, pid := range all {
		if got, err := wait(pid, unix.WNOHANG, nil, nil); got == 0 && err == nil {
			lives = append(lives, pid)
			continue
		}
		if who := s.orphans.known[pid]; who == nil || !who.told {
			s.orphans.unseen++
		}
		delete(s.orphans.known, pid)
	}
	return lives
}

// signalOrphans sends TERM, once, or KILL to the orphans that bear the mark, and reports
// whether there are any. It is quick, so that one which forks and exits again and
// again is hit before it has forked.
func (s *Supervisor) signalOrphans(mark string, kill bool) (found bool) {
	o := &s.orphans
	if !o.on {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, pid := range o.pids(s) {
		who := o.find(pid)
		if !slices.Contains(who.jobIDs, mark) {
			continue
		}
		found = true
		// Our own child, which only we reap: the pid is its own.
		switch {
		case kill:
			who.told = true
			signalChild(pid, unix.SIGKILL)
		case !who.told:
			who.told = true
			signalChild(pid, unix.SIGTERM)
			signalChild(pid, unix.SIGCONT)
		}
	}
	if found {
		s.reapOrphans()
	}
	return found
}

// find gets to know an orphan. One without marks may just be in its exec: it is asked
// again.
func (o *orphans) find(pid int) *orphan {
	who := o.known[pid]
	if who == nil {
		who = &orphan{}
		o.known[pid] = who
	}
	if len(who.jobIDs) == 0 {
		who.jobIDs = strings.Fields(jobIDsOf(pid))
	}
	return who
}

// orphansOf is the orphans that bear the job's mark or, without any mark, can only be
// its own.
func (s *Supervisor) orphansOf(t *Tree) (pids []int) {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	for _, pid := range s.orphans.pids(s) {
		switch who := s.orphans.find(pid); {
		case slices.Contains(who.jobIDs, t.jobID):
			pids = append(pids, pid)
		case len(who.jobIDs) == 0:
			if r, ok := look(pid); ok && t.claims(r) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// told says that a process is an orphan that got TERM.
func (s *Supervisor) told(r relative) bool {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	who := s.orphans.known[r.pid]
	return who != nil && who.told
}

// killOrphans sends KILL to some. The caller has the lock of the orphans.
func (s *Supervisor) killOrphans(which func(pid int) bool) {
	for _, pid := range s.orphans.pids(s) {
		if which(pid) {
			// Our own child, which only we reap: the pid is its own.
			signalChild(pid, unix.SIGKILL)
		}
	}
	s.reapOrphans()
}

// abortOrphans kills all orphans, and returns how many are not gone yet.
func (s *Supervisor) abortOrphans() int {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	s.killOrphans(func(int) bool { return true })
	return len(s.reapOrphans())
}

// EndOrphans ends what jobs have left behind, as if each were stopped: all of it, or
// what has emptied its environment, so that nothing says whose it is.
func (s *Supervisor) EndOrphans(unmarkedOnly bool) {
	chosen := func() []relative {
		if f := s.snapshot(); unmarkedOnly {
			return f.noID
		} else {
			return f.orphans
		}
	}
	passed := s.passed()
	switch {
	case s.strays() && unmarkedOnly: // nothing tells them from others
		return
	case !s.strays() && len(s.orphaned()) == 0 && s.passed() == passed:
		return
	}
	for _, r := range chosen() {
		r.terminate()
	}
	grace := time.Now().Add(s.spec.Grace)
	end := grace.Add(gone)
	for clean := 0; clean < 2; {
		found := len(chosen()) > 0
		clean++
		if n := s.passed(); found || n != passed {
			clean, passed = 0, n
		}
		switch now := time.Now(); {
		case now.After(end):
			return
		case !found:
		case s.killNow.Load(), now.After(grace):
			s.orphans.mu.Lock()
			s.killOrphans(func(pid int) bool { return !unmarkedOnly || jobIDsOf(pid) == "" })
			s.orphans.mu.Unlock()
			for _, r := range chosen() {
				r.send(unix.SIGKILL)
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Left is the processes that jobs have left behind.
func (s *Supervisor) Left() (pids []int) {
	if !s.strays() && len(s.orphaned()) == 0 {
		return nil
	}
	for _, r := range s.snapshot().orphans {
		pids = append(pids, r.pid)
	}
	return pids
}
