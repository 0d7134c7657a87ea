package registry

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long the system may take to end a process that got KILL.
const patience = 2 * time.Second

// sweep finds and ends all processes of some runs: those that bear their marks, and
// the descendants of those.
type sweep struct {
	runIDs      map[string]bool
	dry         bool // signal nobody
	descendants map[int]uint64
	known       map[int]*target
	over        []*target
	seen        map[int]uint64 // at the last look, and no prey: pids and starts
	full        bool           // no more descriptors: what is known is to be ended first
	stat        []byte
	env         []byte
}

// target is a process of a run.
type target struct {
	proc
	stat
	runID   string
	words   []string
	age     time.Duration
	sent    unix.Signal // the last, other than CONT
	err     error       // why it cannot be ended
	outcome Deed
}

func newSweep(marks []string, dry bool) *sweep {
	h := &sweep{
		runIDs:      map[string]bool{},
		dry:         dry,
		descendants: map[int]uint64{},
		known:       map[int]*target{},
		stat:        make([]byte, 0, 1<<10),
		env:         make([]byte, 0, 16<<10),
	}
	for _, m := range marks {
		h.runIDs[m] = true
	}
	return h
}

// end ends what is found, and returns it. All of it is stopped first, so that
// none can fork or leave its parent unseen. Then it gets TERM, and KILL when the
// grace is over; with no grace, KILL alone.
func (h *sweep) end(grace time.Duration) []*target {
	h.halt()
	if grace > 0 && len(h.known) > 0 {
		h.each(unix.SIGTERM)
		h.each(unix.SIGCONT)
		h.await(grace)
	}
	for {
		h.halt()
		if !h.living() {
			break
		}
		h.each(unix.SIGKILL)
		before := len(h.over)
		h.await(patience)
		if h.living() && len(h.over) == before {
			break
		}
		h.full = false
	}
	for _, p := range h.known {
		if p.err == nil {
			p.err = fmt.Errorf("it is still there after KILL, in state %c", p.state)
		}
		p.outcome = NotKilled
		h.drop(p)
	}
	return h.over
}

// look finds what would be ended.
func (h *sweep) look() []*target {
	for clean := 0; clean < 2; clean++ {
		if found, _ := h.scan(true); found {
			clean = -1
		}
	}
	for _, p := range h.known {
		if p.outcome = WouldKill; p.err != nil {
			p.outcome = NotKilled
		}
		h.drop(p)
	}
	return h.over
}

// halt stops everything, until two looks in a row find nothing new. A look at which a
// new process was gone before it could be asked says little: it is taken again, for
// some time only, since others come and go too.
func (h *sweep) halt() {
	const most = 25
	for clean, again := 0, 0; clean < 2 && !h.full; {
		switch found, missed := h.scan(true); {
		case found:
			clean, again = 0, 0
		case missed && again < most:
			clean = 0
			again++
		default:
			clean++
		}
	}
	h.prune()
}

// await waits until what is known has ended, and gets to know what is new.
func (h *sweep) await(most time.Duration) {
	for end := time.Now().Add(most); ; time.Sleep(20 * time.Millisecond) {
		h.prune()
		if !h.living() || time.Now().After(end) {
			return
		}
		h.scan(false)
	}
}

// living says that something is left that can be ended.
func (h *sweep) living() bool {
	for _, p := range h.known {
		if p.err == nil {
			return true
		}
	}
	return false
}

// each signals what is known.
func (h *sweep) each(s unix.Signal) {
	for _, p := range h.known {
		h.send(p, s)
	}
}

// send notes what keeps a process from being ended.
func (h *sweep) send(p *target, s unix.Signal) {
	if p.err != nil || h.dry {
		return
	}
	switch err := p.signal(s); {
	case err != nil && err != unix.ESRCH:
		p.err = err
	case err == nil && s != unix.SIGCONT: // which ends nothing
		p.sent = s
	}
}

// prune lets go of what has ended.
func (h *sweep) prune() {
	for _, p := range h.known {
		now, ok := p.proc.stat(h.stat)
		if ok && !now.ended() {
			p.stat = now
			continue
		}
		if p.outcome = Killed; p.sent != 0 && p.err == nil { // else it has ended by itself
			h.drop(p)
		} else {
			p.close()
			delete(h.known, p.pid)
		}
	}
}

func (h *sweep) drop(p *target) {
	p.close()
	delete(h.known, p.pid)
	h.over = append(h.over, p)
}

// scan looks at all processes, and stops at once what is found if that is wanted.
// missed says that a new one was gone before it could be asked.
func (h *sweep) scan(stop bool) (found, missed bool) {
	h.addDescendants()
	seen := map[int]uint64{}
	parents := map[int]stat{} // of those that bear no mark
	for _, pid := range newestFirst() {
		if p := h.known[pid]; p != nil {
			if now, ok := p.proc.stat(h.stat); ok && !now.ended() {
				continue
			}
			h.prune()
		}
		q, asked := h.ask(pid)
		if h.full {
			return true, true
		}
		if before, ok := h.seen[pid]; !asked && !(ok && (q.start == 0 || q.start == before)) {
			missed = true
		}
		seen[pid] = q.start
		if q.runID != "" {
			h.take(q, stop)
			found = true
			continue
		}
		q.close()
		if asked {
			parents[pid] = q.stat
		}
	}
	h.seen = seen
	for more := true; more; {
		more = false
		for pid, s := range parents {
			if parent := h.known[s.parent]; parent != nil {
				delete(parents, pid)
				more = h.adopt(pid, s, parent, stop) || more
			}
		}
		found = found || more
	}
	return found, missed
}

// ask opens a process and finds out whose it is. Those that may not be asked are not
// ours; asked is false for those that are gone or about to be.
func (h *sweep) ask(pid int) (q *target, asked bool) {
	p, err := openProc(pid)
	q = &target{proc: p}
	if err == unix.EMFILE || err == unix.ENFILE {
		h.full = true
	}
	if err != nil {
		return q, false
	}
	if q.stat, asked = p.stat(h.stat); !asked || q.ended() {
		return q, false
	}
	if !p.mine() {
		return q, true
	}
	env, err := p.environ(q.stat, h.env)
	switch {
	case err != nil:
		return q, err != unix.ESRCH && err != unix.ENOENT
	case len(env) == 0: // the system's own, or one that is just ending
		now, ok := p.stat(h.stat)
		return q, ok && !now.ended()
	}
	h.env = env[:0]
	q.runID = runIDIn(env, h.runIDs)
	return q, true
}

// take takes hold of a process that is a run's.
func (h *sweep) take(q *target, stop bool) {
	h.known[q.pid] = q
	if start, ok := h.descendants[q.pid]; ok && start == q.start {
		q.err = errors.New("this command runs in it")
	} else if q.pid == 1 {
		q.err = errors.New("it is the first process of the system")
	}
	if stop {
		h.send(q, unix.SIGSTOP)
	}
	q.words, q.age = q.proc.words(), ageOf(q.start)
}

// adopt takes a process without a mark that was seen to be the child of one that is
// known, if it still is the same.
func (h *sweep) adopt(pid int, was stat, parent *target, stop bool) bool {
	p, err := openProc(pid)
	if err != nil {
		return false
	}
	q := &target{proc: p, runID: parent.runID}
	var ok bool
	if q.stat, ok = p.stat(h.stat); !ok || q.start != was.start || !h.child(q, parent) {
		p.close()
		return false
	}
	h.take(q, stop)
	return true
}

// child says that the parent is the one that is known: it is alive after the child
// has named it, so that its pid was its own then. What this command runs in may have
// other children than the run's.
func (h *sweep) child(q, parent *target) bool {
	if start, ok := h.descendants[parent.pid]; ok && start == parent.start || q.parent != parent.pid {
		return false
	}
	_, alive := parent.proc.stat(h.stat)
	return alive
}

// addDescendants gets to know ourselves and our ancestors, which are not to be ended.
func (h *sweep) addDescendants() {
	for pid := os.Getpid(); pid > 0; {
		p, err := openProc(pid)
		if err != nil {
			return
		}
		s, ok := p.stat(h.stat)
		p.close()
		if !ok {
			return
		}
		h.descendants[pid] = s.start
		pid = s.parent
	}
}
