package process

import (
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// snapshots knows the living processes of the system. A look at all of /proc takes
// some milliseconds, so those who ask at the same time share one.
type snapshots struct {
	mu    sync.Mutex
	began time.Time // when the last look began
	seen  *snapshot
}

// snapshot looks, not earlier than now.
func (s *Supervisor) snapshot() *snapshot {
	asked := time.Now()
	c := &s.snapshots
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || c.began.Before(asked) {
		c.began = time.Now()
		seen, strays := map[int]relative{}, ""
		if s.noProc == nil {
			seen = living()
		}
		if s.strays() {
			strays = s.spec.RunID
		}
		c.seen = newSnapshot(seen, os.Getpid(), s.owned, strays)
	}
	return c.seen
}

// snapshot is the living processes, arranged by the job that they may belong to.
//
// Descent is followed upwards to ourselves, so that what did not come from us is in
// byGroup at most.
type snapshot struct {
	byGroup map[int][]relative
	byChild map[int][]relative    // a process of a job, and its descendants
	byJobID map[string][]relative // orphans and their descendants, by the marks of both
	noID    []relative            // orphans that have emptied their environment, and their descendants
	orphans []relative            // all of these
}

// newSnapshot sorts what was seen. owned is asked last: a child of ours that was
// started before the look and is not known by then has ended. Orphans are our descendants
// or, when strays is not empty, whatever has marks that begin with that.
func newSnapshot(seen map[int]relative, self int, owned func() map[int]bool, strays string) *snapshot {
	f := &snapshot{byGroup: map[int][]relative{}, byChild: map[int][]relative{}, byJobID: map[string][]relative{}}
	own := owned()
	marks := map[int][]string{}
	mark := func(pid int) []string {
		if _, known := marks[pid]; !known {
			marks[pid] = strings.Fields(jobIDsOf(pid))
		}
		return marks[pid]
	}
	for pid, r := range seen {
		f.byGroup[r.group] = append(f.byGroup[r.group], r)
		top, ours := ancestor(seen, pid, self)
		switch {
		case !ours && (strays == "" || pid == self || r.start < seen[self].start):
			continue
		case !ours:
			if marks := mark(pid); slices.ContainsFunc(marks, func(m string) bool { return below(m, strays) }) {
				f.addOrphan(r, marks)
			}
			continue
		case own[top]:
			f.byChild[top] = append(f.byChild[top], r)
			continue
		}
		both := append(slices.Clone(mark(top)), mark(pid)...)
		if len(both) == 0 {
			// A child that a Tree has reaped meanwhile bears no mark either.
			if again, ok := look(pid); !ok || !again.same(r) {
				continue
			}
			f.noID = append(f.noID, r)
		}
		f.addOrphan(r, both)
	}
	return f
}

func (f *snapshot) addOrphan(r relative, marks []string) {
	f.orphans = append(f.orphans, r)
	slices.Sort(marks)
	for _, m := range slices.Compact(marks) {
		f.byJobID[m] = append(f.byJobID[m], r)
	}
}

// below says that a mark is the other or begins with it.
func below(mark, other string) bool { return mark == other || strings.HasPrefix(mark, other+".") }

// ancestor follows pid up to a child of ours. A parent that was not seen, or a
// circle, is of a process that came or went meanwhile.
func ancestor(seen map[int]relative, pid, self int) (top int, ours bool) {
	for range len(seen) {
		parent := seen[pid].parent
		if parent == self {
			return pid, true
		}
		if _, ok := seen[parent]; !ok {
			return 0, false
		}
		pid = parent
	}
	return 0, false
}

// workers is the living processes of the Tree's job: its own and their descendants,
// and orphans that bear its mark, with theirs.
func (t *Tree) members() []relative {
	if t.sup.noProc != nil {
		t.killGroup()
		return nil
	}
	if t.sup.orphans.list == nil {
		return t.search()
	}
	var k descendants
	for i := range t.procs {
		k.descend(t.procs[i].pid)
	}
	for _, pid := range t.sup.orphansOf(t) {
		k.descend(pid)
	}
	return k.found
}

// descendants is processes and their descendants, found from parent to child, which takes
// time for those alone; a look at all processes takes some milliseconds. The system
// may pass over one whose siblings come and go: who needs all looks again.
type descendants struct {
	found []relative
}

func (k *descendants) descend(pid int) {
	if slices.ContainsFunc(k.found, func(r relative) bool { return r.pid == pid }) {
		return
	}
	r, ok := look(pid)
	if !ok {
		return
	}
	k.found = append(k.found, r)
	for _, child := range childrenOf(pid) {
		k.descend(child)
	}
}

// search finds the members among all processes of the system.
func (t *Tree) search() []relative {
	f := t.sup.snapshot()
	var all []relative
	if t.group != 0 {
		all = append(all, f.byGroup[t.group]...)
	}
	for _, p := range t.procs {
		all = append(all, f.byChild[p.pid]...)
	}
	all = append(all, f.byJobID[t.jobID]...)
	for _, r := range f.noID {
		if t.claims(r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b relative) int { return a.pid - b.pid })
	return slices.Compact(all)
}

// claims says that an orphan without a mark may be the job's and cannot be that of
// another that runs: it was started since this one began, and before the others did.
// Others that are being ended too do not count: two that time out at the same time
// would each leave it to the other.
func (t *Tree) claims(r relative) bool {
	if t.tick == 0 || r.start < t.tick || slices.Contains(t.before, r.pid) {
		return false
	}
	t.sup.mu.Lock()
	defer t.sup.mu.Unlock()
	for _, other := range t.sup.trees {
		if began := other.running.Load(); other != t && began != 0 && r.start >= began {
			return false
		}
	}
	return true
}

// now is the time in ticks, as processes' starts are counted.
func now() uint64 {
	const ticks = 100 // a second: USER_HZ is the same on all our systems
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return uint64(t.Nano()) / (1e9 / ticks)
}
