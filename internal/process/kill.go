package process

import (
	"slices"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// escalate ends the job's processes once its context is done: TERM, and KILL when the grace is over.
func (t *Tree) escalate() {
	switch {
	case t.stage == running && t.ctx.Err() != nil:
		t.terminate()
	case t.stage == terminated && t.graceOver():
		t.kill()
	}
}

// terminate sends TERM to all processes of the job, by the group where it can.
func (t *Tree) terminate() {
	t.stage = terminated
	t.killAt = time.Now().Add(t.sup.spec.Grace)
	t.sup.ended.Store(true)
	t.running.Store(0)
	t.sup.signalOrphans(t.jobID, false)
	t.gotTERM = append(t.gotTERM[:0], t.processes()...)
	all := t.signal(unix.SIGTERM)
	t.signal(unix.SIGCONT) // a stopped process could not take the TERM
	for _, p := range t.gotTERM {
		if !(all && p.Group == t.group) && !t.sup.orphanGotTERM(p) {
			p.Terminate()
		}
	}
	if t.graceOver() {
		t.kill()
	}
}

func (t *Tree) graceOver() bool {
	return t.noGrace.Load() || t.sup.killNow.Load() || !time.Now().Before(t.killAt)
}

func (t *Tree) kill() {
	t.stage = killed
	t.killProcesses()
}

// signal signals the whole group, and reports whether it could. The group's first process has not been reaped, so the
// id is still the group's. That no process is left to take the signal is no error.
func (t *Tree) signal(s unix.Signal) (all bool) {
	if t.group == 0 {
		return false
	}
	if all = !sysio.Refused(unix.Kill(-t.group, s)); !all {
		for i := range t.children {
			signalChild(t.children[i].pid, s)
		}
	}
	return all
}

// killGroup kills what is left of the group when its first process has ended, without a grace. It is for systems that
// do not tell which processes a group has.
func (t *Tree) killGroup() {
	if t.group != 0 && !t.alive() {
		unix.Kill(-t.group, unix.SIGKILL)
	}
}

// killTime is how long the system may take to end a process that got KILL.
const killTime = 2 * time.Second

// awaitRest waits until the job's remaining processes are gone, after TERM has ended those that the job has started
// itself: the others have the grace too, and then get KILL. Two searches that find none end the wait, since one may
// miss a process that forks and exits. A search during which orphans have ended by themselves is repeated, for some
// time only, since those of other jobs come and go too.
func (t *Tree) awaitRest() {
	const most = 100
	pause := 2 * time.Millisecond
	ended := t.sup.selfEnded()
	var end time.Time
	for clean, again := 0, 0; clean < 2; {
		var found bool
		wait := time.Millisecond
		if t.stage == killed {
			if end.IsZero() {
				end = time.Now().Add(killTime)
			} else if time.Now().After(end) {
				return
			}
			found = t.killProcesses()
		} else if found = t.terminateNew(); found {
			wait = min(pause, max(0, time.Until(t.killAt)))
		}
		n := t.sup.selfEnded()
		switch {
		case found:
			clean, again = 0, 0
		case n != ended && again < most:
			clean = 0
			again++
		default:
			clean++
		}
		ended = n
		if clean < 2 && !t.step(wait) {
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

// killProcesses kills the job's processes, and reports whether there were any. Orphans are quickly found; what they
// have forked meanwhile is an orphan at the next search.
func (t *Tree) killProcesses() bool {
	t.signal(unix.SIGKILL)
	if t.sup.signalOrphans(t.jobID, true) {
		return true
	}
	all := t.processes()
	for _, p := range all {
		p.Send(unix.SIGKILL)
	}
	return len(all) > 0
}

// terminateNew sends TERM to processes that were forked since the others got it, and reports whether the job has any
// process.
func (t *Tree) terminateNew() bool {
	found := t.sup.signalOrphans(t.jobID, false)
	all := t.processes()
	for _, p := range all {
		if !slices.ContainsFunc(t.gotTERM, p.Same) && !t.sup.orphanGotTERM(p) {
			p.Terminate()
			t.gotTERM = append(t.gotTERM, p)
		}
	}
	return found || len(all) > 0
}

// terminateAll ends all processes of the job, and returns when they are gone.
func (t *Tree) terminateAll() {
	t.terminate()
	t.awaitRest()
}

// terminateLeftovers ends the job's leftovers. The job itself has ended, and keeps its outcome.
func (t *Tree) terminateLeftovers() {
	const most = 5
	for again := 0; len(t.processes()) == 0; again++ {
		if len(t.sup.livingOrphans()) == 0 || again == most {
			return
		}
		time.Sleep(time.Millisecond) // an orphan that is in its exec has no job ID
	}
	t.terminateAll()
	t.stage = running
}

// Ended reports whether any job was ended by us.
func (s *Supervisor) Ended() bool { return s.ended.Load() }
