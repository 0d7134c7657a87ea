// With a pool: jobs are fed to it, and it tells when they begin and end.

package schedule

import "fanout/internal/job"

// feed gives jobs to the pool, as many as it wants.
func (s *scheduler) feed() {
	for {
		s.awaitSlot()
		j, ok := s.pull()
		if !ok {
			s.settleAtEnd()
			return
		}
		s.out.Await(j)
		j.Slot = s.takeSlot()
		s.runRetries(s.start(j))
	}
}

// awaitSlot waits until a slot is free, without taking it: a retry that comes due can have it while no more jobs come
// in. It also returns when the run is stopped: where there are no workers yet, no slot may ever become free.
func (s *scheduler) awaitSlot() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room() > 0 {
		return
	}
	for s.room() < s.wakeAt() && s.pulling.Err() == nil {
		s.freed.Wait()
	}
}

// room returns how many more jobs the pool could have.
func (s *scheduler) room() int { return s.pool.Depth() - (s.taken - s.held) }

// wakeAt returns how many slots must be free before a wait for one ends: a quarter of the depth, but no more than is
// beyond the jobs that run. So not every job costs a switch to the goroutine that feeds the pool: with a million jobs
// of a microsecond, that was half of their time.
func (s *scheduler) wakeAt() int {
	depth := s.pool.Depth()
	return max(1, min(depth/4, depth-s.pool.Busy()))
}

// grown lets more jobs in, since the pool has room for them.
func (s *scheduler) grown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freed.Broadcast()
}

func (s *scheduler) submit(j job.Job, out job.Output) {
	s.slots.Add(1) // until Done
	if s.spec.Timeout > 0 {
		s.pool.Submit(&job.Attempt{Job: j, Output: out, Owner: &timedOwner{s: s}})
		return
	}
	// Without a timeout nobody remembers an Attempt that is Done: the slot's next job can have it.
	t := s.attempts[j.Slot]
	if t == nil {
		t = &job.Attempt{Owner: s}
		s.attempts[j.Slot] = t
	}
	t.Job, t.Output = j, out
	s.pool.Submit(t)
}

// Begun is part of job.Owner.
func (s *scheduler) Begun(t *job.Attempt) {
	if t.Job.Attempt > 1 {
		s.out.Begun(t.Job)
	}
}

// Ended is part of job.Owner. Other jobs may run while this one is not done.
func (s *scheduler) Ended(t *job.Attempt) {
	s.holding.Store(true)
	s.out.Ended(t.Job)
	s.mu.Lock()
	t.Held = true
	s.held++
	if s.room() >= s.wakeAt() {
		s.freed.Signal()
	}
	s.mu.Unlock()
	s.settleAtEnd()
}

// settleAtEnd makes the pool's jobs done that have ended, when none runs or will run.
func (s *scheduler) settleAtEnd() {
	s.mu.Lock()
	last := s.ended || s.noMore.Load()
	all := s.held > 0 && s.held == s.taken && last && s.pending.count() == 0
	s.mu.Unlock()
	if all {
		s.pool.Settle()
	}
}

// unhold takes that a job is done now that had ended.
func (s *scheduler) unhold(t *job.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Held {
		t.Held = false
		s.held--
	}
}

// Done is part of job.Owner. The goroutine is the pool's: a retry, which may have to wait, gets another one.
func (s *scheduler) Done(t *job.Attempt, st job.Status) {
	defer s.slots.Done()
	if s.holding.Load() {
		s.unhold(t)
	}
	defer func() {
		if s.holding.Load() {
			s.settleAtEnd()
		}
	}()
	if next := s.attemptEnded(t.Job, &st); next != nil {
		s.slots.Go(func() { s.runRetries(next) })
	}
}
