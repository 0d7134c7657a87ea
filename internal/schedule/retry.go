// Retries: what becomes of a job whose attempt has failed.
//
//	state     its attempt ends            its time comes      a slot is free    the run stops
//	running   worth a retry: waiting,     –                   –                 the attempt ends,
//	          or due if there is no                                             and is over
//	          delay; else over
//	waiting   –                           running if a slot   –                 over
//	                                      is free; else due
//	due       –                           –                   running           over
//	over      –                           –                   –                 –
//
// The verbs are attemptEnded and postpone, timeComes, slotFree, and abandonAll. startRetry makes a job running that has
// a slot; neverBegan is for one of which a pool says that it did not become running after all.

package schedule

import (
	"math/rand/v2"
	"slices"
	"time"

	"fanout/internal/job"
)

// retry is a failed job that waits for its next attempt.
type retry struct {
	job   job.Job    // of the last attempt
	last  job.Status // how that ended
	alarm *Alarm     // nil when it is due
}

// pendingMax is how many retries may wait before no more items are taken.
const pendingMax = 1 << 16

// pending is the retries that wait.
type pending struct {
	later map[*retry]struct{}  // for their time
	due   []*retry             // for a slot; while there are any, none is free
	last  map[int64]job.Status // of jobs whose next attempt is under way, by index: how the last one ended
	over  bool                 // no retry waits any more, or ever will
}

func (p *pending) count() int { return len(p.later) + len(p.due) }

// attemptEnded takes how an attempt ended, and returns the retry that has its slot next.
func (s *scheduler) attemptEnded(j job.Job, st *job.Status) *retry {
	if j.Attempt > 1 {
		if last := s.lastOutcome(j.Index); st.Unused {
			return s.neverBegan(j, last)
		}
	}
	if s.worthRetry(&j, st) {
		s.out.Retry(j, *st)
		return s.postpone(j, *st)
	}
	s.out.Done(j, *st)
	return s.finish(&j, st)
}

// worthRetry decides whether a job whose attempt ended like this is retried.
func (s *scheduler) worthRetry(j *job.Job, st *job.Status) bool {
	switch {
	case j.Attempt > s.spec.Retries || !st.Failed() || j.Err() != nil:
		return false
	case st.Outcome == job.NotFound || st.Outcome == job.NotExecutable:
		return false
	case st.Outcome == job.Lost && (s.spec.AtMostOnce || j.Lost+1 >= job.LostMax):
		return false
	}
	return s.ctx.Err() == nil && !s.noMore.Load()
}

// postpone makes the job wait for its next attempt, and gives its slot to a retry that is due, which may be the same.
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
			r.alarm = s.clock.AfterFunc(d, func() { s.timeComes(r) })
			s.pending.later[r] = struct{}{}
		} else {
			s.pending.due = append(s.pending.due, r)
		}
	}
	if over {
		s.countEnded(&j, &st)
	}
	next := s.slotFree(j.Slot)
	s.mu.Unlock()
	if over {
		s.out.Abandon(j, st)
	}
	return next
}

// longestPause is how far doubling makes the pauses between attempts grow.
const longestPause = time.Minute

// pauseBefore returns how long the attempt has to wait: twice as long as the one before it, and up to a quarter more or
// less, so that jobs that have failed at the same time do not come back at the same time.
func (s *Spec) pauseBefore(attempt int) time.Duration {
	d, most := s.RetryDelay, max(s.RetryDelay, longestPause)
	for i := 2; i < attempt && d > 0 && d < most; i++ {
		d = min(2*d, most)
	}
	return min(most, d-d/4+time.Duration(rand.Float64()*float64(d/2)))
}

// timeComes runs a retry whose time has come, if a slot is free; if not, the retry is due.
func (s *scheduler) timeComes(r *retry) {
	s.mu.Lock()
	if _, waits := s.pending.later[r]; !waits || s.noMore.Load() {
		s.mu.Unlock()
		return // it is abandoned, or is soon
	}
	delete(s.pending.later, r)
	n := s.takeFreeSlot()
	if n == 0 {
		s.pending.due = append(s.pending.due, r)
		s.mu.Unlock()
		return
	}
	s.fewer.Signal()
	s.mu.Unlock()
	defer s.slots.Done()
	r.job.Slot = n
	s.runRetries(r)
}

// slotFree gives a slot to the retry that has been due for longest, if there is one and no stop. It is called with the
// lock held.
func (s *scheduler) slotFree(slot int) *retry {
	if s.spec.Retries == 0 && s.pool == nil {
		return nil // the number is the goroutine's own
	}
	if len(s.pending.due) == 0 || s.noMore.Load() {
		s.giveSlot(slot)
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

// runRetries runs a retry that has a slot, and those that get the slot after it.
func (s *scheduler) runRetries(r *retry) {
	for r != nil {
		r = s.startRetry(r)
	}
}

// startRetry runs the next attempt, on the slot that the job was given, unless the run is being stopped. It returns the
// retry that has the slot after it.
func (s *scheduler) startRetry(r *retry) *retry {
	s.pace()
	s.out.Await(r.job)
	if s.ctx.Err() != nil || s.noMore.Load() {
		s.out.Abandon(r.job, r.last)
		return s.abandoned(&r.job, &r.last)
	}
	r.job.Attempt++
	s.mu.Lock()
	s.pending.last[r.job.Index] = r.last
	s.mu.Unlock()
	return s.start(r.job)
}

// lastOutcome takes how the last attempt of a job ended, whose next one is over.
func (s *scheduler) lastOutcome(index int64) job.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.pending.last[index]
	delete(s.pending.last, index)
	return last
}

// neverBegan ends a job whose next attempt has not begun and never will: its last one counts.
func (s *scheduler) neverBegan(j job.Job, last job.Status) *retry {
	s.out.Unstart(j)
	j.Attempt--
	s.out.Abandon(j, last)
	return s.abandoned(&j, &last)
}

// abandoned counts a job that has a slot and was abandoned, and gives the slot away.
func (s *scheduler) abandoned(j *job.Job, last *job.Status) *retry {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	s.countEnded(j, last)
	return s.slotFree(j.Slot)
}

// abandonAll ends all waiting for retries: the last attempts count.
func (s *scheduler) abandonAll() {
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
		s.countEnded(&r.job, &r.last)
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
