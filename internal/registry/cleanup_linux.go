package registry

import (
	"strings"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// sweep ends the leftovers of the runs, and removes the entries of runs that have none then.
func (c *Cleanup) sweep(dead []*openEntry) {
	if len(dead) == 0 {
		return
	}
	var runIDs []string
	for _, e := range dead {
		runIDs = append(runIDs, e.RunID)
	}
	s := newSweep(runIDs, c.DryRun)
	var found []*target
	if c.DryRun {
		found = s.look()
	} else {
		found = s.end(c.Grace)
	}
	for _, e := range dead {
		left := false
		for _, t := range found {
			if t.runID != e.RunID {
				continue
			}
			report := Report{e.RunID, t.Handle.PID, t.words, t.age, t.outcome, ""}
			switch {
			case t.outcome == NotKilled:
				left, c.incomplete = true, true
				report.Why = t.err.Error()
			case t.outcome == Killed:
				report.Why = strings.TrimPrefix(unix.SignalName(t.sent), "SIG")
			}
			c.Tell(report)
		}
		why := "something is left of the run"
		if !left {
			why = c.cleanRemote(e)
		}
		if left || why != "" {
			c.tell(e, Kept, why)
		} else {
			c.remove(e, "")
		}
	}
}

// extraGrace is what a run is given beyond the grace of its jobs.
const extraGrace = 2 * time.Second

// stop stops live runs: TERM to the process that the user sees, and KILL after the grace. It returns those that may have
// leftovers.
func (c *Cleanup) stop(live []*openEntry) (dead []*openEntry) {
	s := newSweep(nil, false)
	s.findAncestors()
	var terminated []*openEntry
	for _, e := range live {
		why := e.unseen()
		if why == "" {
			why = s.terminate(e)
		}
		if why != "" {
			c.tell(e, NotStopped, why)
		} else {
			terminated = append(terminated, e)
		}
	}
	for end := time.Now().Add(c.Grace + extraGrace); len(terminated) > 0; {
		e := terminated[0]
		switch over := lock(e.file, unix.LOCK_EX|unix.LOCK_NB) == nil; {
		case over && !e.there():
			c.tell(e, Stopped, "")
		case over:
			c.tell(e, Stopped, "before it could clean up itself")
			dead = append(dead, e)
		case time.Now().Before(end):
			time.Sleep(10 * time.Millisecond)
			continue
		case e.kill():
			c.tell(e, Stopped, "KILL, since TERM was not enough")
			dead = append(dead, e)
		default:
			c.tell(e, NotStopped, "it survives TERM and KILL")
		}
		terminated = terminated[1:]
	}
	return dead
}

// terminate sends TERM to the process that the user sees of the run, and returns why it cannot.
func (s *sweep) terminate(e *openEntry) (why string) {
	pid, start := e.Visible()
	if own, ok := s.ancestors[pid]; ok && own == start {
		return "this command runs inside it"
	}
	h, ok := proc.OpenSame(pid, start)
	if !ok && pid == e.Guardian { // the guardian was killed, and the run is ending
		h, ok = proc.OpenSame(e.PID, e.Start)
	}
	if !ok {
		return "its process cannot be found"
	}
	defer h.Close()
	err := h.Signal(unix.SIGTERM)
	if err == nil {
		err = h.Signal(unix.SIGCONT)
	}
	if err != nil && err != unix.ESRCH {
		return err.Error()
	}
	return ""
}

// kill kills the runner and waits for the lock, and then for the guardian, which ends what it can reach. It reports
// whether the run is over.
func (e *openEntry) kill() bool {
	if h, ok := proc.OpenSame(e.PID, e.Start); ok {
		h.Signal(unix.SIGKILL)
		h.Close()
	}
	over := until(killTime, func() bool { return lock(e.file, unix.LOCK_EX|unix.LOCK_NB) == nil })
	if h, ok := proc.OpenSame(e.Guardian, e.GuardianStart); ok {
		defer h.Close()
		ended := func() bool { p, ok := h.Stat(); return !ok || p.Ended() }
		if !until(killTime, ended) {
			h.Signal(unix.SIGKILL)
		}
	}
	return over
}

// until waits until reached returns true, at most that long, and reports whether it did.
func until(most time.Duration, reached func() bool) bool {
	for end := time.Now().Add(most); !reached(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
