package run

import (
	"context"
	"errors"

	"fanout/internal/plan"
	"fanout/internal/schedule"
)

// endLeftoversWith ends leftovers as soon as ctx is done, at the same time as the jobs that run. The function that it
// returns waits for that, and reports whether ctx was done.
func (r *Run) endLeftoversWith(ctx context.Context) (ended func() bool) {
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

// failedNow reports whether a run has ended, and its jobs with it, because of failures.
func failedNow(p *plan.Plan, err error) bool {
	return errors.Is(err, schedule.ErrFailures) && !p.Schedule.Soon
}

// endLeftovers ends leftovers that may not stay, and returns how many still run. Leftovers of jobs that ended by
// themselves may stay, unless the run was stopped.
func (r *Run) endLeftovers(ended func() bool, err error) int {
	switch {
	case ended(), failedNow(&r.plan, err):
		r.sup.EndLeftovers(false)
	case r.sup.Ended():
		r.sup.EndLeftovers(true)
	}
	left := len(r.sup.Leftovers())
	if p := r.pool.Load(); p != nil {
		left += p.Leftovers()
	}
	return left
}
