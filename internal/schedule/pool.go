package schedule

import (
	"sync"

	"fanout/internal/job"
)

// feed gives jobs to the pool, as many as it wants to have.
func (s *scheduler) feed() {
	for {
		s.awaitSlot()
		j, ok := s.pull()
		if !ok {
			s.hurry()
			return
		}
		s.out.Await(j)
		j.Slot = s.take()
		s.follow(s.start(j))
	}
}

// awaitSlot waits until a slot is free, and leaves it to a retry that comes due while
// no more jobs come in, or for none: where there are no workers yet, none may ever be freed.
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

// room is how many more jobs the pool could have.
func (s *scheduler) room() int { return s.pool.Depth() - (s.taken - s.held) }

// wakeAt is how many slots must be free for the wait to end: a quarter of what is
// beyond the jobs that run, so that not every job costs a switch to the goroutine that
// feeds the pool. With a million jobs of a microsecond, that was half of their time.
func (s *scheduler) wakeAt() int {
	depth := s.pool.Depth()
	return max(1, min(depth/4, depth-s.pool.Busy()))
}

// grown lets more jobs in: the pool has room for them.
func (s *scheduler) grown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freed.Broadcast()
}

func (s *scheduler) submit(j job.Job, out job.Output) {
	s.slots.Add(1) // until Done
	if s.spec.Timeout > 0 {
		s.pool.Submit(&job.Attempt{Job: j, Output: out, Owner: &timed{s: s}})
		return
	}
	// Without a time limit nobody remembers a Try that is Done: its slot's next can have it.
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

// Ended is part of job.Owner. Others may run while it is not done.
func (s *scheduler) Ended(t *job.Attempt) {
	s.holds.Store(true)
	s.out.Ended(t.Job)
	s.mu.Lock()
	t.Held = true
	s.held++
	if s.room() >= s.wakeAt() {
		s.freed.Signal()
	}
	s.mu.Unlock()
	s.hurry()
}

// hurry has the pool say of all jobs that they are done, when none runs or will run.
func (s *scheduler) hurry() {
	s.mu.Lock()
	last := s.ended || s.decided.Load()
	all := s.held > 0 && s.held == s.taken && last && s.pending.count() == 0
	s.mu.Unlock()
	if all {
		s.pool.Settle()
	}
}

// unhold is for a job that is done now.
func (s *scheduler) unhold(t *job.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Held {
		t.Held = false
		s.held--
	}
}

// Done is part of job.Owner. The goroutine is the pool's: what may have to wait gets
// another.
func (s *scheduler) Done(t *job.Attempt, st job.Status) {
	defer s.slots.Done()
	if s.holds.Load() {
		s.unhold(t)
	}
	defer func() {
		if s.holds.Load() {
			s.hurry()
		}
	}()
	if next := s.settle(t.Job, &st); next != nil {
		s.slots.Go(func() { s.follow(next) })
	}
}

// timed is the owner of a try that must not take too long. Its time runs from its
// beginning, not while it waits for a worker.
type timed struct {
	s     *scheduler
	mu    sync.Mutex
	alarm *Alarm
	done  bool
	late  bool
}

// Begun is part of job.Owner.
func (o *timed) Begun(t *job.Attempt) {
	o.s.Begun(t)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.alarm != nil { // of an earlier beginning
		o.alarm.Stop()
	}
	o.late = false
	if !o.done {
		o.alarm = o.s.clock.AfterFunc(o.s.spec.Timeout, func() { o.expire(t) })
	}
}

// Ended is part of job.Owner.
func (o *timed) Ended(t *job.Attempt) {
	o.mu.Lock()
	if o.alarm != nil {
		o.alarm.Stop()
	}
	o.mu.Unlock()
	o.s.Ended(t)
}

func (o *timed) expire(t *job.Attempt) {
	o.mu.Lock()
	o.late = !o.done
	o.mu.Unlock()
	o.s.pool.Cancel(t)
}

// Done is part of job.Owner.
func (o *timed) Done(t *job.Attempt, st job.Status) {
	o.mu.Lock()
	o.done = true
	if o.alarm != nil {
		o.alarm.Stop()
	}
	if o.late && st.Outcome == job.Stopped {
		st.Outcome, st.Limit, st.Unused = job.TimedOut, o.s.spec.Timeout, false
	}
	o.mu.Unlock()
	o.s.Done(t, st)
}
