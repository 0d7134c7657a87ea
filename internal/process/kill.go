package process

import (
	"slices"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// escalate ends the job's processes once its context is done: TERM, and KILL when
// the grace is over.
func (t *Tree) escalate() {
	switch {
	case t.stage == running && t.ctx.Err() != nil:
		t.terminate()
	case t.stage == terminated && t.graceOver():
		t.kill()
	}
}

func (t *Tree) terminate() {
	t.stage = terminated
	t.killAt = time.Now().Add(t.sup.spec.Grace)
	t.sup.ended.Store(true)
	t.running.Store(0)
	t.sup.signalOrphans(t.jobID, false)
	t.told = append(t.told[:0], t.members()...)
	all := t.signal(unix.SIGTERM)
	t.signal(unix.SIGCONT) // one that is stopped could not take the TERM
	for _, m := range t.told {
		if !(all && m.group == t.group) && !t.sup.told(m) {
			m.terminate()
		}
	}
	if t.graceOver() {
		t.kill()
	}
}

func (t *Tree) graceOver() bool {
	return t.hurry.Load() || t.sup.killNow.Load() || !time.Now().Before(t.killAt)
}

func (t *Tree) kill() {
	t.stage = killed
	t.killRest()
}

// signal reaches the whole group, or says that it could not. Its first process has not been
// reaped, so the id is still the group's. That nobody is left to take the signal is no error.
func (t *Tree) signal(s unix.Signal) (all bool) {
	if t.group == 0 {
		return false
	}
	if all = !sysio.Refused(unix.Kill(-t.group, s)); !all {
		for i := range t.procs {
			signalChild(t.procs[i].pid, s)
		}
	}
	return all
}

// killGroup kills what is left of the group when its first process has ended, instead of giving
// it the grace. It is for systems that do not tell what is in a group.
func (t *Tree) killGroup() {
	if t.group != 0 && !t.alive() {
		unix.Kill(-t.group, unix.SIGKILL)
	}
}

// gone is how long the system may take to end a process that got KILL.
const gone = 2 * time.Second

// awaitRest waits, after the job's own processes have gone the way of TERM, for the
// others: they too have the grace, and then KILL. Two looks that find none end it,
// since a process that forks and exits may be missed by one. A look beside which
// orphans have ended by themselves is taken again, for some time only, since those of
// other jobs come and go too.
func (t *Tree) awaitRest() {
	const most = 100
	pause := 2 * time.Millisecond
	passed := t.sup.passed()
	var end time.Time
	for clean, again := 0, 0; clean < 2; {
		var found bool
		wait := time.Millisecond
		if t.stage == killed {
			if end.IsZero() {
				end = time.Now().Add(gone)
			} else if time.Now().After(end) {
				return
			}
			found = t.killRest()
		} else if found = t.tellNew(); found {
			wait = min(pause, max(0, time.Until(t.killAt)))
		}
		n := t.sup.passed()
		switch {
		case found:
			clean, again = 0, 0
		case n != passed && again < most:
			clean = 0
			again++
		default:
			clean++
		}
		passed = n
		if clean < 2 && !t.step(wait) {
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

// killRest kills the members, and reports whether there was any. The orphans are
// quickly found; what they have forked meanwhile is an orphan at the next look.
func (t *Tree) killRest() bool {
	t.signal(unix.SIGKILL)
	if t.sup.signalOrphans(t.jobID, true) {
		return true
	}
	all := t.members()
	for _, m := range all {
		m.send(unix.SIGKILL)
	}
	return len(all) > 0
}

// tellNew sends TERM to members that were forked since it was sent to the others,
// and reports whether there is any member.
func (t *Tree) tellNew() bool {
	struck := t.sup.signalOrphans(t.jobID, false)
	all := t.members()
	for _, m := range all {
		if !slices.ContainsFunc(t.told, m.same) && !t.sup.told(m) {
			m.terminate()
			t.told = append(t.told, m)
		}
	}
	return struck || len(all) > 0
}

// terminate asks a process to end. One that is stopped could not take the TERM alone.
func (r relative) terminate() {
	r.send(unix.SIGTERM)
	r.send(unix.SIGCONT)
}

// reapLeft ends what the job has left behind although it has ended by itself.
func (t *Tree) reapLeft() {
	const most = 5
	for again := 0; len(t.members()) == 0; again++ {
		if len(t.sup.orphaned()) == 0 || again == most {
			return
		}
		time.Sleep(time.Millisecond) // one that is in its exec bears no mark
	}
	t.terminate()
	t.awaitRest()
	t.stage = running
}

// Ended reports whether any job was ended by us.
func (s *Supervisor) Ended() bool { return s.ended.Load() }
