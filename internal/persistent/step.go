package persistent

import (
	"errors"
	"fmt"
	"slices"

	"fanout/internal/job"
)

// OutOfStepError ends a run: a program has replied without having an item.
type OutOfStepError struct {
	Worker int
	Name   string
}

func (e *OutOfStepError) Error() string {
	return fmt.Sprintf("worker %d: %s: %v; print banners to standard error, and run again", e.Worker, e.Name, errSurplus)
}

func (e *OutOfStepError) Unwrap() error { return errSurplus }

var (
	errSurplus = errors.New("it printed more replies than it was given items")
	errDoubt   = errors.New("a program printed more replies than it was given items: which of them belongs to this one is unknown")
)

// Replies are the jobs that some programs have answered.
type Replies struct {
	Programs    []int // by number
	Jobs        int64
	Later       int64 // how many of them had failed before
	First, Last int64 // the least and the greatest seq of a job
}

// Add adds the reply to a job.
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

// Join adds the replies of others.
func (r *Replies) Join(others Replies) {
	if r.Jobs == 0 {
		r.First, r.Last = others.First, others.Last
	}
	r.First, r.Last = min(r.First, others.First), max(r.Last, others.Last)
	r.Jobs += others.Jobs
	r.Later += others.Later
	r.Programs = slices.Concat(r.Programs, others.Programs)
}

// judge takes the replies of a program that has ended. A program that ended in step, when no more items came, has
// replied to each once. Of others this is unknown. It does not matter until one is seen to reply too often: then the
// same COMMAND may have done so in all of them, and nobody saw the surplus reply of those that were killed.
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
