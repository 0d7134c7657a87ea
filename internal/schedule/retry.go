package schedule

import (
	"math/rand/v2"
	"slices"
	"time"

	"fanout/internal/job"
)

// retry is a job that has failed and waits for its next try.
type retry struct {
	job   job.Job    // of the last try
	last  job.Status // how that ended
	alarm *Alarm     // nil when it is due
}

// pendingMax is how many retries may wait before no more items are taken.
const pendingMax = 1 << 16

// pending is the retries that wait.
type pending struct {
	later map[*retry]struct{}  // for their time
	due   []*retry             // for a slot; while there are any, none is free
	last  map[int64]job.Status // of jobs whose next try is under way: how the last one ended
	over  bool                 // no retry waits any more, or ever will
}

func (p *pending) count() int { return len(p.later) + len(p.due) }

// again decides that a job whose try ended like this is to be tried once more.
func (s *scheduler) again(j *job.Job, st *job.Status) bool {
	if st.Outcome == job.Lost && (s.spec.AtMostOnce || j.Lost+1 >= job.LostMax) {
		return false
	}
	return j.Attempt <= s.spec.Retries && st.Failed() && st.Outcome != job.NotFound && st.Outcome != job.NotExecutable && j.Err() == nil &&
		s.ctx.Err() == nil && !s.decided.Load()
}

// postpone has the job wait for its next try, and gives its slot to a retry that
// is due, which may be the same.
func (s *scheduler) postpone(j job.Job, st job.Status) *retry {
	r := &retry{job: j, last: st}
	if st.Outcome == job.Lost {
		r.job.Lost++
	}
	s.mu.Lock()
	over := s.pending.over
	s.cut = s.cut || over
	if !over {
		s.slots.Add(1) // until it has a slot, or is abandoned
		if d := s.spec.pauseBefore(j.Attempt + 1); d > 0 {
			r.alarm = s.clock.AfterFunc(d, func() { s.comeDue(r) })
			s.pending.later[r] = struct{}{}
		} else {
			s.pending.due = append(s.pending.due, r)
		}
	}
	if over {
		s.settled(&j, &st)
	}
	next := s.release(j.Slot)
	s.mu.Unlock()
	if over {
		s.out.Abandon(j, st)
	}
	return next
}

// longestPause is how far doubling makes the pauses between tries grow.
const longestPause = time.Minute

// pauseBefore is how long the try has to wait: twice as long as the one before
// it, and up to a quarter more or less, so that jobs that have failed at the same
// time do not come back at the same time.
func (s *Spec) pauseBefore(attempt int) time.Duration {
	d, most := s.RetryDelay, max(s.RetryDelay, longestPause)
	for i := 2; i < attempt && d > 0 && d < most; i++ {
		d = min(2*d, most)
	}
	return min(most, d-d/4+time.Duration(rand.Float64()*float64(d/2)))
}

// comeDue runs a retry whose time has come, or has it wait for a slot.
func (s *scheduler) comeDue(r *retry) {
	s.mu.Lock()
	if _, waits := s.pending.later[r]; !waits || s.decided.Load() {
		s.mu.Unlock()
		return // or it is abandoned soon
	}
	delete(s.pending.later, r)
	n := s.takeNow()
	if n == 0 {
		s.pending.due = append(s.pending.due, r)
		s.mu.Unlock()
		return
	}
	s.fewer.Signal()
	s.mu.Unlock()
	defer s.slots.Done()
	r.job.Slot = n
	s.follow(r)
}

// follow runs a retry that has a slot, and those to which the slot falls after it.
func (s *scheduler) follow(r *retry) {
	for r != nil {
		r = s.retry(r)
	}
}

// release gives a slot to the retry that has been due for longest, if there is one
// and no stop. It is called with the lock held.
func (s *scheduler) release(slot int) *retry {
	if s.spec.Retries == 0 && s.pool == nil {
		return nil // the number is the goroutine's own
	}
	if len(s.pending.due) == 0 || s.decided.Load() {
		s.give(slot)
		return nil
	}
	r := s.pending.due[0]
	s.pending.due[0] = nil
	s.pending.due = s.pending.due[1:]
	r.job.Slot = slot
	s.slots.Done()
	s.fewer.Signal()
	return r
}

// retry runs the next try, on the slot that the job was given. It returns the
// retry that has the slot after it.
func (s *scheduler) retry(r *retry) *retry {
	s.pace()
	s.out.Await(r.job)
	if s.ctx.Err() != nil || s.decided.Load() {
		slot := r.job.Slot
		s.out.Abandon(r.job, r.last)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cut = true
		s.settled(&r.job, &r.last)
		return s.release(slot)
	}
	r.job.Attempt++
	s.mu.Lock()
	s.pending.last[r.job.Index] = r.last
	s.mu.Unlock()
	return s.start(r.job)
}

// lastOf is how the last try of a job ended, whose next one is over.
func (s *scheduler) lastOf(seq int64) job.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.pending.last[seq]
	delete(s.pending.last, seq)
	return last
}

// fallBack ends a job whose next try has not begun, nor will: it has failed as in its last one.
func (s *scheduler) fallBack(j job.Job, last job.Status) *retry {
	s.out.Unstart(j)
	slot := j.Slot
	j.Attempt--
	s.out.Abandon(j, last)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	s.settled(&j, &last)
	return s.release(slot)
}

// abandon ends all waiting for retries: the jobs are done as they have failed last.
func (s *scheduler) abandon() {
	s.mu.Lock()
	s.pending.over = true
	all := s.pending.due
	s.pending.due = nil
	for r := range s.pending.later {
		r.alarm.Stop()
		all = append(all, r)
	}
	clear(s.pending.later)
	s.cut = s.cut || len(all) > 0
	for _, r := range all {
		s.settled(&r.job, &r.last)
	}
	s.fewer.Signal()
	s.freed.Broadcast()
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *retry) int { return int(a.job.Index - b.job.Index) })
	for _, r := range all {
		s.out.Abandon(r.job, r.last)
		s.slots.Done()
	}
}
