// Slots: each runs one job after the other, from the pull to the outcome.

package schedule

import (
	"context"

	"fanout/internal/job"
)

// slot runs one job after the other. The first that finds a job starts the next slot, so that there are never many more
// slots than jobs. With retries it has a number only while it runs a job: a retry can have it while no more jobs come
// in.
func (s *scheduler) slot(nth int) {
	for first := true; ; first = false {
		j, ok := s.pull()
		if !ok {
			return
		}
		if first && nth < s.spec.Slots {
			s.slots.Go(func() { s.slot(nth + 1) })
		}
		j.Slot = nth
		if s.spec.Retries > 0 {
			s.out.Await(j) // not with the number: the job that all wait for may wait for one
			j.Slot = s.takeSlot()
		}
		s.runRetries(s.start(j))
	}
}

// pull waits for a job and for the time at which it may start.
func (s *scheduler) pull() (job.Job, bool) {
	if s.noMore.Load() {
		return job.Job{}, false
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.noMore.Load() || s.awaitFewer() || s.pulling.Err() != nil {
		return job.Job{}, false
	}
	j, err, ok := s.next()
	if s.noMore.Load() && s.draining() {
		s.countPulled(j, err, ok)
		return j, false
	}
	if err != nil || !ok {
		s.end(err)
		return j, false
	}
	s.pulled.Store(s.pulled.Load() + 1)
	s.pace()
	return j, true
}

// awaitFewer waits while too many jobs wait to be retried, and reports whether no more are pulled.
func (s *scheduler) awaitFewer() (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.pending.count() >= pendingMax {
		s.fewer.Wait()
	}
	return s.ended
}

// end takes that no more jobs are pulled.
func (s *scheduler) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.allPulled = err == nil && s.pulling.Err() == nil
	if s.err == nil {
		s.err = err
	}
}

// takeSlot waits for a free slot.
func (s *scheduler) takeSlot() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if n := s.takeFreeSlot(); n > 0 {
			return n
		}
		s.freed.Wait()
	}
}

// takeFreeSlot returns 0 when no slot is free. It is called with the lock held.
func (s *scheduler) takeFreeSlot() int {
	if s.pool != nil && s.room() <= 0 && s.pulling.Err() == nil {
		return 0
	}
	n := s.free.take()
	if n > 0 {
		s.taken++
	}
	return n
}

// giveSlot frees a slot. It is called with the lock held.
func (s *scheduler) giveSlot(slot int) {
	s.free.give(slot)
	s.taken--
	if s.pool == nil || s.room() >= s.wakeAt() {
		s.freed.Signal()
	}
}

// start runs an attempt on the job's slot, and returns the retry that has the slot after it. With a pool that is
// another's business.
func (s *scheduler) start(j job.Job) *retry {
	out := s.out.Start(j)
	if s.ctx.Err() != nil || s.noMore.Load() {
		return s.attemptEnded(j, &job.Status{Outcome: job.Stopped, Unused: true})
	}
	if err := j.Err(); err != nil {
		return s.attemptEnded(j, &job.Status{Outcome: job.NotStarted, Err: err})
	}
	if s.pool != nil {
		s.submit(j, out)
		return nil
	}
	if j.Attempt > 1 {
		s.out.Begun(j)
	}
	var st job.Status
	s.runAttempt(&j, out, &st)
	next := s.attemptEnded(j, &st)
	s.madeRoom(&st)
	return next
}

// runTimed runs a job that must not take longer than Spec.Timeout.
func (s *scheduler) runTimed(j job.Job, out job.Output) job.Status {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	alarm := s.clock.AfterFunc(s.spec.Timeout, func() { cancel(ErrTimeout) })
	defer alarm.Stop()
	st := s.exec.Run(ctx, j, out)
	if st.Outcome == job.Stopped && context.Cause(ctx) == ErrTimeout {
		st.Outcome, st.Limit = job.TimedOut, s.spec.Timeout
	}
	return st
}

// finish counts the outcome of a job, applies the stop rule, and gives the slot away.
func (s *scheduler) finish(j *job.Job, st *job.Status) *retry {
	s.mu.Lock()
	s.countEnded(j, st)
	s.cut = s.cut || !st.OK() && s.ctx.Err() != nil
	if st.Outcome != job.Stopped {
		s.finished++
	}
	if st.Failed() {
		s.failed++
	}
	stop := s.spec.MaxFailures.reached(s.failed, s.finished+int64(s.held))
	if stop {
		s.noMore.Store(true)
		s.ended = true
		if s.err == nil {
			s.err = ErrFailures
		}
	}
	next := s.slotFree(j.Slot)
	s.mu.Unlock()
	if !stop {
		return next
	}
	s.stopPulling(ErrFailures)
	switch {
	case !s.spec.Soon:
		s.stopJobs(ErrFailures)
		if s.spec.Stopping != nil {
			s.spec.Stopping()
		}
	case s.pool != nil:
		s.pool.Halt()
	}
	return next
}
