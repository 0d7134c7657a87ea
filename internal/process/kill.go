package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// escalate ends the job's processes once its context is done: TERM to the group,
// KILL when the grace is over.
func (t *Tree) escalate() {
	switch {
	case t.stage == running && t.ctx.Err() != nil:
		t.stage = terminated
		t.killAt = time.Now().Add(t.sup.spec.Grace)
		t.signal(unix.SIGTERM)
		t.signal(unix.SIGCONT) // one that is stopped could not take the TERM
		if t.sup.killNow.Load() {
			t.kill()
		}
	case t.stage == terminated && (t.sup.killNow.Load() || !time.Now().Before(t.killAt)):
		t.kill()
	}
}

func (t *Tree) kill() {
	t.stage = killed
	t.signal(unix.SIGKILL)
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
// rest of their group: they too have the grace, and then KILL.
func (t *Tree) outlast() {
	if t.group == 0 {
		return
	}
	pause := 2 * time.Millisecond
	var end time.Time
	for t.sup.census.alive(t.group) {
		if t.stage == killed {
			if end.IsZero() {
				end = time.Now().Add(gone)
			} else if time.Now().After(end) {
				return
			}
		}
		wait := min(pause, max(0, time.Until(t.killAt)))
		if t.stage == killed {
			wait = pause
		}
		if !t.step(wait) {
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}
