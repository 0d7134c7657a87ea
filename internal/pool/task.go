package pool

import (
	"sync/atomic"

	"fanout/internal/job"
)

// Task is a job that is with the Pool.
type Task struct {
	Attempt *job.Attempt
	ID      uint64 // the Client's own number for it

	worker    *Worker      // nil in the queue
	begun     atomic.Int64 // when, in nanoseconds; 0 before that
	recalled  bool
	cancelled bool
	ended     bool  // but not done
	before    *Task // in its list, as after
	after     *Task
}

// stopped reports a job that never began.
func (t *Task) stopped() {
	t.Attempt.Owner.Done(t.Attempt, job.Status{Outcome: job.Stopped, Unused: true})
}
