package run

import (
	"context"
	"fmt"

	"fanout/internal/schedule"
)

// setDeadline begins to count. What a run waits for before its first job counts, too.
func (r *Run) setDeadline() {
	var late context.CancelCauseFunc
	r.late, late = context.WithCancelCause(context.Background())
	r.undate = func() { late(nil) }
	d := r.plan.Schedule.Deadline
	if d <= 0 {
		return
	}
	alarm := r.clock.AfterFunc(d, func() {
		cause := fmt.Errorf("%w, after %s", schedule.ErrDeadline, d)
		r.io.Resort.Stop(cause)
		late(cause)
	})
	r.undate = func() {
		alarm.Stop()
		late(nil)
	}
}

// untilDeadline is a context that ends with the deadline, too.
func (r *Run) untilDeadline(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(r.late, func() { cancel(context.Cause(r.late)) })
	return ctx, func() {
		unhook()
		cancel(nil)
	}
}
