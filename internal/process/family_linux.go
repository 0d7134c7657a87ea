package process

import (
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// census knows the living processes of the system. A look at all of /proc takes
// some milliseconds, so those who ask at the same time share one.
type census struct {
	mu    sync.Mutex
	began time.Time // when the last look began
	seen  *family
}

// family looks, not earlier than now.
func (s *Supervisor) family() *family {
	asked := time.Now()
	c := &s.census
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || c.began.Before(asked) {
		c.began = time.Now()
		c.seen = newFamily(living(), os.Getpid(), s.owned)
	}
	return c.seen
}

// family is the living processes, arranged by the job that they may belong to.
//
// Descent is followed upwards to ourselves, so that what did not come from us is in
// byGroup at most.
type family struct {
	byGroup  map[int][]relative
	byChild  map[int][]relative    // a process of a job, and its descendants
	byMark   map[string][]relative // orphans and their descendants, by the marks of both
	unmarked []relative            // orphans that have emptied their environment, and their descendants
	orphans  []relative            // all of these
}

// newFamily sorts what was seen. owned is asked last: a child of ours that was
// started before the look and is not known by then has ended.
func newFamily(seen map[int]relative, self int, owned func() map[int]bool) *family {
	f := &family{byGroup: map[int][]relative{}, byChild: map[int][]relative{}, byMark: map[string][]relative{}}
	own := owned()
	marks := map[int][]string{}
	mark := func(pid int) []string {
		if _, known := marks[pid]; !known {
			marks[pid] = strings.Fields(markOf(pid))
		}
		return marks[pid]
	}
	for pid, r := range seen {
		f.byGroup[r.group] = append(f.byGroup[r.group], r)
		top, ours := ancestor(seen, pid, self)
		switch {
		case !ours:
			continue
		case own[top]:
			f.byChild[top] = append(f.byChild[top], r)
			continue
		}
		f.orphans = append(f.orphans, r)
		both := append(slices.Clone(mark(top)), mark(pid)...)
		if len(both) == 0 {
			f.unmarked = append(f.unmarked, r)
		}
		slices.Sort(both)
		for _, m := range slices.Compact(both) {
			f.byMark[m] = append(f.byMark[m], r)
		}
	}
	return f
}

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

// members is the living processes of the Tree's job: its group, its processes and
// their descendants, and orphans that bear its mark, with theirs.
func (t *Tree) members() []relative {
	f := t.sup.family()
	var all []relative
	if t.group != 0 {
		all = append(all, f.byGroup[t.group]...)
	}
	for _, p := range t.procs {
		all = append(all, f.byChild[p.pid]...)
	}
	all = append(all, f.byMark[t.mark]...)
	if len(f.unmarked) > 0 && t.sup.alone(t) {
		// No other job has run since this one began: what was not there then is its own.
		for _, r := range f.unmarked {
			if !slices.Contains(t.before, r.pid) {
				all = append(all, r)
			}
		}
	}
	slices.SortFunc(all, func(a, b relative) int { return a.pid - b.pid })
	return slices.Compact(all)
}
