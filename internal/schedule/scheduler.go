// The scheduler: what a run is made of, how it begins, and its error.

package schedule

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"fanout/internal/job"

	"golang.org/x/time/rate"
)

type scheduler struct {
	spec     Spec
	exec     Executor // nil with a pool
	pool     Pool
	attempts []*job.Attempt // with a pool, by slot
	out      Collector
	clock    *Clock
	slots    sync.WaitGroup // what runs jobs, what is with the pool, and what waits to be retried

	ctx         context.Context         // of running jobs
	pulling     context.Context         // of the wait for the next
	stopJobs    context.CancelCauseFunc // ends ctx
	stopPulling context.CancelCauseFunc // ends pulling
	pacing      context.Context         // of the wait for the time at which an attempt may start
	stopPacing  context.CancelFunc

	// turn is held by the slot that waits for the next job. It is a mutex since that
	// spins for a moment: a channel hands over to a goroutine of the same P, which
	// goes into a fork next and keeps the other waiting. At 64 slots and tiny jobs,
	// a channel took 1.3 times as long.
	turn   sync.Mutex
	next   func() (job.Job, error, bool)
	pulled atomic.Int64 // written with the turn only
	limits []*rate.Limiter

	noMore  atomic.Bool // no more jobs start: a stop rule or a drain forbids it
	short   shortage
	holding atomic.Bool // some jobs have ended, now or before, and were not done yet

	mu        sync.Mutex // guards the rest
	err       error      // why no more are pulled
	ended     bool       // no more are pulled
	allPulled bool       // the input has ended
	cut       bool       // a job was stopped, or not retried since the run was
	finished  int64
	failed    int64
	free      freeSlots
	taken     int       // how many slots are not free
	held      int       // how many of these have jobs that have ended and are not done
	freed     sync.Cond // a slot is free
	pending   pending
	fewer     sync.Cond // fewer retries wait
	drain     drain
}

// run runs all jobs; first pulls them.
func (s *scheduler) run(ctx context.Context, jobs Jobs, first func()) error {
	ctx, stopJobs := context.WithCancelCause(ctx)
	defer stopJobs(nil)
	pulling, stopPulling := context.WithCancelCause(ctx)
	defer stopPulling(nil)
	next, end := iter.Pull2(jobs(pulling))
	defer end()
	s.ctx, s.pulling, s.stopJobs, s.stopPulling = ctx, pulling, stopJobs, stopPulling
	s.pacing, s.stopPacing = context.WithCancel(pulling)
	defer s.stopPacing()
	s.next, s.limits = next, limiters(s.spec)
	s.free, s.pending.later = newFreeSlots(s.spec.Slots), map[*retry]struct{}{}
	s.pending.last = map[int64]job.Status{}
	if s.clock = s.spec.Clock; s.clock == nil {
		s.clock = &Clock{}
	}
	s.freed.L, s.fewer.L = &s.mu, &s.mu
	s.short.turn, s.short.ended = make(chan struct{}, 1), make(chan struct{}, s.spec.Slots)
	unhook := context.AfterFunc(pulling, s.abandonAll)
	defer unhook()
	if s.pool != nil {
		s.pool.OnGrowth(s.grown)
		defer context.AfterFunc(ctx, s.pool.Stop)()
	}
	endDrain := s.watchDrain()
	s.slots.Go(first)
	s.slots.Wait()
	endDrain()
	if s.cutShort() && s.spec.Cut != nil {
		s.spec.Cut()
	}
	return s.outcome()
}

// cutShort reports whether there may be jobs that were never pulled, since the run was stopped.
func (s *scheduler) cutShort() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stopped := s.err == nil && s.ctx.Err() != nil || errors.Is(s.err, ErrFailures)
	return stopped && !s.allPulled && !s.drain.asked
}

// outcome returns the error of the run, when all jobs are done.
func (s *scheduler) outcome() error {
	s.mu.Lock() // against a stop that comes this late
	defer s.mu.Unlock()
	cause := context.Cause(s.ctx)
	switch {
	case s.err != nil:
		return s.err
	case errors.Is(cause, ErrDeadline) && s.allPulled && !s.cut:
		return nil // all was done before it
	case cause == nil && s.drain.asked:
		return s.drained()
	default:
		return cause
	}
}
