// Timeouts of attempts that a pool runs.

package schedule

import (
	"sync"

	"fanout/internal/job"
)

// timedOwner owns an attempt that must not take longer than Spec.Timeout. The time runs from its beginning, not while
// it waits for a worker.
type timedOwner struct {
	s     *scheduler
	mu    sync.Mutex
	alarm *Alarm
	done  bool
	late  bool // it has run for too long
}

// Begun is part of job.Owner.
func (o *timedOwner) Begun(t *job.Attempt) {
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
func (o *timedOwner) Ended(t *job.Attempt) {
	o.mu.Lock()
	if o.alarm != nil {
		o.alarm.Stop()
	}
	o.mu.Unlock()
	o.s.Ended(t)
}

// expire cancels the attempt, whose time is over.
func (o *timedOwner) expire(t *job.Attempt) {
	o.mu.Lock()
	o.late = !o.done
	o.mu.Unlock()
	o.s.pool.Cancel(t)
}

// Done is part of job.Owner.
func (o *timedOwner) Done(t *job.Attempt, st job.Status) {
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
