package run

import (
	"context"
	"errors"

	"fanout/internal/plan"
	"fanout/internal/schedule"
)

// endOrphansWith ends leftovers as soon as ctx is done, at the same time as the jobs that run. The function that it
// returns waits for that, and reports whether ctx was done.
func (r *Run) endOrphansWith(ctx context.Context) (ended func() bool) {
	done := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(done)
		r.sup.EndOrphans(false)
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

// endOrphans ends leftovers that may not stay, and returns how many still run. Leftovers of jobs that ended by
// themselves may stay, unless the run was stopped.
func (r *Run) endOrphans(ended func() bool, err error) int {
	switch {
	case ended(), failedNow(&r.plan, err):
		r.sup.EndOrphans(false)
	case r.sup.Ended():
		r.sup.EndOrphans(true)
	}
	left := len(r.sup.Left())
	if p := r.pool.Load(); p != nil {
		left += p.Leftovers()
	}
	return left
}
