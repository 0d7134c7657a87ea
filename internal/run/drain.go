package run

import (
	"errors"
	"sync"

	"fanout/internal/schedule"
	"fanout/internal/text"
)

// drain is the state of a request to let running jobs end and start no more.
type drain struct {
	asked chan struct{} // closed by the request
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

// Undone returns the error of a run that was drained before it had begun.
func Undone() error {
	return &DrainedError{schedule.Drained{More: true}, "the same command starts from the beginning"}
}

// howToGoOn adds to the error of a drained run how to run the rest.
func (r *Run) howToGoOn(err error) error {
	var drained *schedule.Drained
	if !errors.As(err, &drained) {
		return err
	}
	next := "without --journal, fanout cannot tell which items are left"
	switch p := r.plan.Journal; {
	case p.Path != "" && (p.Resume || p.Failed):
		next = "the same command continues"
	case p.Path != "":
		next = "the same command with --resume continues"
	}
	return &DrainedError{*drained, next}
}
