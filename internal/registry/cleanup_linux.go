package registry

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sweep ends what is left of the runs, and removes the entries of those of which
// nothing is left then.
func (c *Cleanup) hunt(dead []*record) {
	if len(dead) == 0 {
		return
	}
	var marks []string
	for _, rec := range dead {
		marks = append(marks, rec.RunID)
	}
	h := newSweep(marks, c.DryRun)
	var found []*target
	if c.DryRun {
		found = h.look()
	} else {
		found = h.end(c.Grace)
	}
	for _, rec := range dead {
		left := false
		for _, p := range found {
			if p.runID != rec.RunID {
				continue
			}
			report := Report{rec.RunID, p.pid, p.words, p.age, p.outcome, ""}
			switch {
			case p.outcome == NotKilled:
				left, c.left = true, true
				report.Why = p.err.Error()
			case p.outcome == Killed:
				report.Why = strings.TrimPrefix(unix.SignalName(p.sent), "SIG")
			}
			c.Tell(report)
		}
		why := "something is left of the run"
		if !left {
			why = c.cleanRemote(rec)
		}
		if left || why != "" {
			c.tell(rec, Kept, why)
		} else {
			c.remove(rec, "")
		}
	}
}

// extraGrace is what a run is given beyond the grace of its jobs.
const extraGrace = 2 * time.Second

// stop stops runs that live: TERM to the process that the user sees, and KILL after
// the grace. It returns those of which something may be left.
func (c *Cleanup) stop(live []*record) (dead []*record) {
	h := newSweep(nil, false)
	h.addDescendants()
	var told []*record
	for _, rec := range live {
		why := rec.unseen()
		if why == "" {
			why = h.tellToStop(rec)
		}
		if why != "" {
			c.tell(rec, NotStopped, why)
		} else {
			told = append(told, rec)
		}
	}
	for end := time.Now().Add(c.Grace + extraGrace); len(told) > 0; {
		rec := told[0]
		switch over := lock(rec.file, unix.LOCK_EX|unix.LOCK_NB) == nil; {
		case over && !rec.there():
			c.tell(rec, Stopped, "")
		case over:
			c.tell(rec, Stopped, "before it could clean up itself")
			dead = append(dead, rec)
		case time.Now().Before(end):
			time.Sleep(10 * time.Millisecond)
			continue
		case rec.kill():
			c.tell(rec, Stopped, "KILL, since TERM was not enough")
			dead = append(dead, rec)
		default:
			c.tell(rec, NotStopped, "it does not end by TERM, nor by KILL")
		}
		told = told[1:]
	}
	return dead
}

// tellToStop sends TERM to what the user sees of the run, and says why it cannot.
func (h *sweep) tellToStop(rec *record) (why string) {
	pid, start := rec.Visible()
	if kin, ok := h.descendants[pid]; ok && kin == start {
		return "this command runs in it"
	}
	p, ok := openExactly(pid, start)
	if !ok && pid == rec.Guardian { // it was killed, and the run is ending
		p, ok = openExactly(rec.PID, rec.Start)
	}
	if !ok {
		return "its process is not to be found here"
	}
	defer p.close()
	err := p.signal(unix.SIGTERM)
	if err == nil {
		err = p.signal(unix.SIGCONT)
	}
	if err != nil && err != unix.ESRCH {
		return err.Error()
	}
	return ""
}

// openExactly opens the process that has had this pid since then.
func openExactly(pid int, start uint64) (proc, bool) {
	if pid <= 1 {
		return proc{}, false
	}
	p, err := openProc(pid)
	if err != nil {
		return p, false
	}
	if st, ok := p.stat(nil); !ok || st.start != start {
		p.close()
		return p, false
	}
	return p, true
}

// kill kills the runner and waits for the lock, and then for the guardian, which
// ends what it can reach.
func (r *record) kill() bool {
	if p, ok := openExactly(r.PID, r.Start); ok {
		p.signal(unix.SIGKILL)
		p.close()
	}
	over := until(patience, func() bool { return lock(r.file, unix.LOCK_EX|unix.LOCK_NB) == nil })
	if p, ok := openExactly(r.Guardian, r.GuardianStart); ok {
		defer p.close()
		ended := func() bool { st, ok := p.stat(nil); return !ok || st.ended() }
		if !until(patience, ended) {
			p.signal(unix.SIGKILL)
		}
	}
	return over
}

// until waits until something is so, but no longer than that.
func until(most time.Duration, so func() bool) bool {
	for end := time.Now().Add(most); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
