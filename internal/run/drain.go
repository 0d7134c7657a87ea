package run

import (
	"errors"
	"sync"

	"fanout/internal/schedule"
	"fanout/internal/sink"
	"fanout/internal/text"
)

// drain is the wish that running jobs end and no more start.
type drain struct {
	asked chan struct{} // closed by it
	once  sync.Once
}

func (d *drain) is() bool {
	select {
	case <-d.asked:
		return true
	default:
		return false
	}
}

// Drain lets running jobs end and starts no more.
func (r *Run) Drain() {
	r.drain.once.Do(func() {
		close(r.drain.asked)
		if !r.plan.Quiet {
			text.Line(r.io.Say.Hasty(), "draining: running jobs end and no more start; a second USR2 stops the run")
		}
	})
}

// DrainedError is the end of a run that was drained before it had run all items.
type DrainedError struct {
	schedule.Drained
	Next string // what to do to run the rest
}

func (e *DrainedError) Error() string { return e.Drained.Error() + "; " + e.Next }

// tellRest says that a stop has left items that no job was made of.
func (r *Run) tellRest(summary *sink.Summary) {
	if r.cut {
		summary.SetCutShort(r.plan.Journal.Path != "")
	}
}

// Undone is the error of a run that was drained before it had begun.
func Undone() error {
	return &DrainedError{schedule.Drained{More: true}, "the same command begins anew"}
}

// howToGoOn adds to the error of a drained run what runs the rest.
func (r *Run) howToGoOn(err error) error {
	var drained *schedule.Drained
	if !errors.As(err, &drained) {
		return err
	}
	next := "without --journal, fanout cannot tell later which"
	switch p := r.plan.Journal; {
	case p.Path != "" && (p.Resume || p.Failed):
		next = "the same command goes on"
	case p.Path != "":
		next = "the same command with --resume goes on"
	}
	return &DrainedError{*drained, next}
}
