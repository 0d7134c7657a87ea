package persistent

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/say"
)

var errSilent = errors.New("the program ended without a reply")

// run is with the program until it is gone.
func (w *worker) run(tag *tagger) {
	var others sync.WaitGroup
	others.Go(func() {
		w.out.Copy(w.p.Stdin) // what it does not read it will not answer
		w.p.Stdin.Close()
	})
	others.Go(func() {
		w.p.Wait()
		// What it has left behind may hold its output for ever.
		const linger = 100 * time.Millisecond
		w.p.Stdout.SetReadDeadline(time.Now().Add(linger))
	})
	why := w.read()
	w.m.Leave()
	w.out.Close()
	head := w.abandon()
	w.end(why)
	res := w.p.Wait()
	others.Wait()
	w.p.Stdout.Close()
	tag.flush()
	how := res.Failure()
	if head != nil {
		w.m.Done(head, w.blame(res, why))
	}
	w.mu.Lock()
	bye, ending := w.bye, w.ending
	if w.leaving != nil {
		w.leaving.Stop()
	}
	w.mu.Unlock()
	surplus := errors.Is(why, errSurplus)
	w.s.judge(w.replies, surplus, bye && !ending && head == nil && !surplus && how == nil)
	switch {
	case surplus && head == nil:
		w.s.fail(&OutOfStepError{Worker: w.m.Number, Name: w.s.Spec.Name})
	case surplus && w.replies.Jobs > 0:
		w.s.Warn(fmt.Sprintf("worker %d: %s: %v: all that it has replied is in doubt", w.m.Number, say.Name(w.s.Spec.Name), errSurplus))
	case bye && !ending && head == nil && how != nil:
		w.s.Warn(fmt.Sprintf("worker %d: %s: %v after its last reply", w.m.Number, say.Name(w.s.Spec.Name), how))
	}
	if bye && head == nil {
		w.m.Gone(nil)
		return
	}
	w.m.Gone(cause(why, how))
}

func cause(why, how error) error {
	switch {
	case why != nil && !errors.Is(why, io.EOF):
		return why
	case how != nil:
		return how
	default:
		return errors.New("it ended by itself")
	}
}

// abandon gives back the items that the program cannot be blamed for, and returns the
// oldest, which it can.
func (w *worker) abandon() (head *pool.Task) {
	w.mu.Lock()
	items := w.items
	w.items, w.finished = nil, true
	for _, t := range []*time.Timer{w.first, w.warm} {
		if t != nil {
			t.Stop()
		}
	}
	if len(items) > 0 && (w.cancelled == nil || w.cancelled == items[0] || w.ending) {
		head, items = items[0], items[1:]
	}
	w.mu.Unlock()
	for _, t := range slices.Backward(items) {
		w.m.Return(t)
	}
	return head
}

// end ends a program that may still run. One that has closed its output gets a moment
// to end by itself, so that its exit status can be told.
func (w *worker) end(why error) {
	const moment = time.Second
	if !errors.Is(why, io.EOF) {
		w.p.Kill()
		return
	}
	w.mu.Lock()
	bye := w.bye
	w.mu.Unlock()
	if !bye { // else it has as long as Leave says
		kill := time.AfterFunc(moment, w.p.Kill)
		defer kill.Stop()
	}
	w.p.Wait()
}

// blame is the outcome of the item that a program did not answer.
func (w *worker) blame(res process.Result, why error) job.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	st := job.Status{Program: w.number, Usage: job.Usage{User: res.User, System: res.System, MaxRSS: res.MaxRSS}}
	switch {
	case w.p.OverMemory() > 0:
		st.End, st.Err = job.OverMemory, process.MemoryError(w.p.OverMemory(), w.s.Supervisor.Memory())
	case w.ending, w.cancelled != nil:
		st.End = job.Stopped
	case !errors.Is(why, io.EOF):
		st.End, st.Err = job.Lost, why
	case res.Status.Signaled():
		st.End, st.Signal = job.Signaled, res.Status.Signal()
	case res.Status.ExitStatus() != 0:
		st.Code = res.Status.ExitStatus()
	default:
		st.End, st.Err = job.Lost, errSilent
	}
	return st
}
