package run

import (
	"context"
	"fmt"
	"time"

	"fanout/internal/schedule"
)

// deadline is the deadline of a run, which may have none. What the run waits for before its first job counts, too.
type deadline struct {
	passed context.Context // done when it has passed
	cancel func()
}

// startDeadline starts the clock of a deadline; 0: there is none. late is called when it has passed.
func startDeadline(clock *schedule.Clock, d time.Duration, late func(cause error)) deadline {
	passed, pass := context.WithCancelCause(context.Background())
	if d <= 0 {
		return deadline{passed, func() { pass(nil) }}
	}
	alarm := clock.AfterFunc(d, func() {
		cause := fmt.Errorf("%w, after %s", schedule.ErrDeadline, d)
		late(cause)
		pass(cause)
	})
	return deadline{passed, func() {
		alarm.Stop()
		pass(nil)
	}}
}

// limit returns a context that also ends with the deadline.
func (d deadline) limit(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(d.passed, func() { cancel(context.Cause(d.passed)) })
	return ctx, func() {
		unhook()
		cancel(nil)
	}
}
