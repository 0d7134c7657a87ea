package run

import (
	"context"
	"errors"

	"fanout/internal/schedule"
)

// endOrphansWith ends, as soon as ctx is done, what jobs have left behind, at the
// same time as those that run. The function that it returns waits for that, and
// reports whether it was so.
func (r *Run) endOrphansWith(ctx context.Context) (ended func() bool) {
	done := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(done)
		r.sup.EndLeftovers(false)
	})
	return func() bool {
		if unhook() {
			return false
		}
		<-done
		return true
	}
}

// stoppedNow says that the run was stopped, and its jobs with it.
func (r *Run) stoppedNow(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, schedule.ErrFailures) && !r.plan.Schedule.Soon
}

// endOrphans deals with what jobs have left behind, and returns how much of it still
// runs: what jobs that ended by themselves have left is let be, unless the run was
// stopped.
func (r *Run) endOrphans(ended func() bool, err error) int {
	switch {
	case ended(), r.stoppedNow(context.Background(), err):
		r.sup.EndLeftovers(false)
	case r.sup.Ended():
		r.sup.EndLeftovers(true)
	}
	left := len(r.sup.Leftovers())
	if p := r.pool.Load(); p != nil {
		left += p.LeftBehind()
	}
	return left
}
