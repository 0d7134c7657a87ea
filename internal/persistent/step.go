package persistent

import (
	"errors"
	"fmt"
	"slices"

	"fanout/internal/job"
)

// OutOfStepError ends a run: a program has replied when nobody had asked.
type OutOfStepError struct {
	Worker int
	Name   string
}

func (e *OutOfStepError) Error() string {
	return fmt.Sprintf("worker %d: %s: %v: which reply belongs to which item is not known any more", e.Worker, e.Name, errSurplus)
}

func (e *OutOfStepError) Unwrap() error { return errSurplus }

var (
	errSurplus = errors.New("it printed more replies than it was given items")
	errDoubt   = errors.New("a program printed more replies than it was given items: which of them is the reply to this one is not known")
)

// Replies is what programs have replied.
type Replies struct {
	Programs    []int // by number
	Jobs        int64
	Later       int64 // of these, jobs that had failed before
	First, Last int64 // the least and the greatest number of a job
}

// Add adds that to a job.
func (r *Replies) Add(j job.Job) {
	number := j.Seq()
	if r.Jobs == 0 {
		r.First, r.Last = number, number
	}
	r.First, r.Last = min(r.First, number), max(r.Last, number)
	r.Jobs++
	if j.Attempt > 1 {
		r.Later++
	}
}

// Join adds others.
func (r *Replies) Join(others Replies) {
	if r.Jobs == 0 {
		r.First, r.Last = others.First, others.Last
	}
	r.First, r.Last = min(r.First, others.First), max(r.Last, others.Last)
	r.Jobs += others.Jobs
	r.Later += others.Later
	r.Programs = slices.Concat(r.Programs, others.Programs)
}

// judge is told how each program has ended. Those that went when no more items came had replied
// to each once. Of others that is not known, and does not matter as long as none of them is
// seen to reply too often: then the same COMMAND may have done so in all, and the one too many
// of those that were killed was never seen.
func (s *Starter) judge(replies Replies, surplus, inStep bool) {
	if inStep || !surplus && replies.Jobs == 0 {
		return
	}
	s.mu.Lock()
	s.outOfStep = s.outOfStep || surplus
	s.doubtful.Join(replies)
	var back Replies
	if s.outOfStep {
		back, s.doubtful = s.doubtful, Replies{}
	}
	s.mu.Unlock()
	if back.Jobs > 0 {
		s.TakeBack(back, errDoubt)
	}
}
