package process

import (
	"time"

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
	t.signal(unix.SIGTERM)
	t.signal(unix.SIGCONT) // one that is stopped could not take the TERM
	t.signalOthers(unix.SIGTERM, unix.SIGCONT)
	if t.graceOver() {
		t.kill()
	}
}

func (t *Tree) graceOver() bool {
	return t.sup.killNow.Load() || !time.Now().Before(t.killAt)
}

func (t *Tree) kill() {
	t.stage = killed
	t.signal(unix.SIGKILL)
	t.sup.strike(t.mark)
	t.signalOthers(unix.SIGKILL)
}

// signal reaches the whole group. Its first process has not been reaped, so the
// id is still the group's. That nobody is left to take the signal is no error.
func (t *Tree) signal(s unix.Signal) {
	if t.group != 0 {
		unix.Kill(-t.group, s)
	}
}

// gone is how long the system may take to end a process that got KILL.
const gone = 2 * time.Second

// outlast waits, after the job's own processes have gone the way of TERM, for the
// others: they too have the grace, and then KILL. Two looks that find none end it,
// since a process that forks and exits may be missed by one.
func (t *Tree) outlast() {
	defer t.sup.spare(t.mark)
	pause := 2 * time.Millisecond
	var end time.Time
	for clean := 0; clean < 2; {
		if t.stage == killed {
			t.kill()
		}
		if len(t.members()) > 0 {
			clean = 0
		} else {
			clean++
		}
		wait := min(pause, max(0, time.Until(t.killAt)))
		if t.stage == killed {
			if end.IsZero() {
				end = time.Now().Add(gone)
			} else if time.Now().After(end) {
				return
			}
			wait = time.Millisecond
		}
		if clean == 1 {
			wait = time.Millisecond
		}
		if clean < 2 && !t.step(wait) {
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

// signalOthers reaches the members that are not in the group.
func (t *Tree) signalOthers(signals ...unix.Signal) {
	for _, m := range t.members() {
		if t.group != 0 && m.group == t.group {
			continue
		}
		for _, s := range signals {
			m.send(s)
		}
	}
}

// reapLeft ends what the job has left behind although it has ended by itself.
func (t *Tree) reapLeft() {
	if len(t.sup.orphaned()) == 0 || len(t.members()) == 0 {
		return
	}
	t.terminate()
	t.outlast()
	t.stage = running
}

// Ended reports whether any job was ended by us.
func (s *Supervisor) Ended() bool { return s.ended.Load() }
