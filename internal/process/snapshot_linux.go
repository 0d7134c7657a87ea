package process

import (
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"fanout/internal/process/proc"
)

// snapshots takes snapshots of the system's processes. One takes some milliseconds, so goroutines that ask at the same
// time share one.
type snapshots struct {
	mu    sync.Mutex
	began time.Time // when the last snapshot was begun
	last  *snapshot
}

// snapshot returns a snapshot that was begun after the call.
func (s *Supervisor) snapshot() *snapshot {
	asked := time.Now()
	c := &s.snapshots
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || c.began.Before(asked) {
		c.began = time.Now()
		seen, strayRun := map[int]proc.Process{}, ""
		if s.noProc == nil {
			seen = proc.All()
		}
		if s.cannotAdopt() {
			strayRun = s.spec.RunID
		}
		c.last = newSnapshot(seen, os.Getpid(), s.unreaped, strayRun)
	}
	return c.last
}

// snapshot is the living processes of the system, arranged by the job that they may belong to.
//
// Descent is followed upwards to ourselves, so that a process which did not come from us is in byGroup at most.
type snapshot struct {
	byGroup    map[int][]proc.Process
	byChild    map[int][]proc.Process    // a process of a job, and its descendants
	byJobID    map[string][]proc.Process // orphans and their descendants, by the IDs of both
	withoutIDs []proc.Process            // orphans that have cleared their environment, and their descendants
	orphans    []proc.Process            // all of byJobID and withoutIDs
}

// newSnapshot sorts the processes that were seen. unreaped is asked last: a child of ours that was started before the
// look and is not known by then has ended. Orphans are our descendants or, when strayRun is not empty, all processes
// with job IDs of that run.
func newSnapshot(seen map[int]proc.Process, self int, unreaped func() map[int]bool, strayRun string) *snapshot {
	snap := &snapshot{
		byGroup: map[int][]proc.Process{},
		byChild: map[int][]proc.Process{},
		byJobID: map[string][]proc.Process{},
	}
	started := unreaped()
	known := map[int][]string{}
	jobIDs := func(pid int) []string {
		if _, ok := known[pid]; !ok {
			known[pid] = proc.JobIDs(pid)
		}
		return known[pid]
	}
	for pid, p := range seen {
		snap.byGroup[p.Group] = append(snap.byGroup[p.Group], p)
		top, ours := ancestor(seen, pid, self)
		switch {
		case !ours && (strayRun == "" || pid == self || p.Start < seen[self].Start):
			continue
		case !ours:
			if ids := jobIDs(pid); slices.ContainsFunc(ids, func(id string) bool { return belongsTo(id, strayRun) }) {
				snap.addOrphan(p, ids)
			}
			continue
		case started[top]:
			snap.byChild[top] = append(snap.byChild[top], p)
			continue
		}
		both := append(slices.Clone(jobIDs(top)), jobIDs(pid)...)
		if len(both) == 0 {
			// A child that a Tree has reaped meanwhile has no job ID either.
			if again, ok := proc.Living(pid); !ok || !again.Same(p) {
				continue
			}
			snap.withoutIDs = append(snap.withoutIDs, p)
		}
		snap.addOrphan(p, both)
	}
	return snap
}

func (snap *snapshot) addOrphan(p proc.Process, jobIDs []string) {
	snap.orphans = append(snap.orphans, p)
	slices.Sort(jobIDs)
	for _, id := range slices.Compact(jobIDs) {
		snap.byJobID[id] = append(snap.byJobID[id], p)
	}
}

// belongsTo reports whether a job ID is the other ID or begins with it and a dot.
func belongsTo(jobID, other string) bool {
	return jobID == other || strings.HasPrefix(jobID, other+".")
}

// ancestor follows pid up to a child of ours. A parent that was not seen, or a circle, belongs to a process that came
// or went meanwhile.
func ancestor(seen map[int]proc.Process, pid, self int) (top int, ours bool) {
	for range len(seen) {
		parent := seen[pid].Parent
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

// processes returns the living processes of the Tree's job: those that it has started and their descendants, and
// orphans that bear its ID, with theirs. Where the system lists no children, it takes a snapshot.
func (t *Tree) processes() []proc.Process {
	if t.sup.noProc != nil {
		t.killGroup()
		return nil
	}
	if t.sup.orphans.list == nil {
		return t.search()
	}
	var d descendants
	for i := range t.children {
		d.add(t.children[i].pid)
	}
	for _, pid := range t.sup.orphansOf(t) {
		d.add(pid)
	}
	return d.found
}

// descendants collects processes and their descendants from parent to child, which costs time for those alone. The
// system may omit a process whose siblings come and go: a caller that needs all looks again.
type descendants struct {
	found []proc.Process
}

func (d *descendants) add(pid int) {
	if slices.ContainsFunc(d.found, func(p proc.Process) bool { return p.PID == pid }) {
		return
	}
	p, ok := proc.Living(pid)
	if !ok {
		return
	}
	d.found = append(d.found, p)
	for _, child := range proc.Children(pid) {
		d.add(child)
	}
}

// search finds the job's processes in a snapshot.
func (t *Tree) search() []proc.Process {
	snap := t.sup.snapshot()
	var all []proc.Process
	if t.group != 0 {
		all = append(all, snap.byGroup[t.group]...)
	}
	for _, c := range t.children {
		all = append(all, snap.byChild[c.pid]...)
	}
	all = append(all, snap.byJobID[t.jobID]...)
	for _, p := range snap.withoutIDs {
		if t.claims(p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b proc.Process) int { return a.PID - b.PID })
	return slices.Compact(all)
}

// claims reports whether an orphan without a job ID may be the job's and cannot be that of another that runs: it was
// started since this one began, and before the others did. Other jobs that are being ended do not count: of two that
// time out at the same time, each would leave the orphan to the other.
func (t *Tree) claims(p proc.Process) bool {
	if t.tick == 0 || p.Start < t.tick || t.cameAfter(p.PID) {
		return false
	}
	t.sup.mu.Lock()
	defer t.sup.mu.Unlock()
	for _, other := range t.sup.trees {
		if began := other.running.Load(); other != t && began != 0 && p.Start >= began && !other.cameAfter(p.PID) {
			return false
		}
	}
	return true
}

// cameAfter reports whether the orphan was there when the job began, maybe in the same tick.
func (t *Tree) cameAfter(orphan int) bool {
	before := t.before.Load()
	return before != nil && slices.Contains(*before, orphan)
}
