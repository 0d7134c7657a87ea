package run

import (
	"errors"

	"fanout/internal/collect"
	"fanout/internal/job"
	"fanout/internal/persistent"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/registry"
	"fanout/internal/schedule"
)

func (r *Run) collectSpec() collect.Spec {
	spec := r.plan.Collect
	if r.plan.DryRun {
		spec.Retries = 0
	}
	spec.Null = r.sup.Null()
	if r.plan.Persistent || r.local != nil && r.local.StartsProcesses() {
		spec.Hold = job.Doubt
	}
	spec.TmpName = registry.TmpName(r.plan.Execute.RunID)
	spec.Whole = len(r.records.results) > 0 || r.records.folded || r.records.json != nil && !r.records.json.Bare
	return spec
}

func (r *Run) scheduleSpec() schedule.Spec {
	spec := r.plan.Schedule
	if r.plan.DryRun { // one job after the other, at once
		spec = schedule.Spec{Slots: 1}
	}
	spec.Clock = &r.clock
	spec.Stopping = func() { r.io.Resort.Stop(schedule.ErrFailures) }
	spec.Cut = func() { r.cut = true }
	spec.Drain = r.drain.asked
	spec.NoRoom = r.warnNoRoom
	return spec
}

// ownStop reports whether fanout itself has decided to stop the run.
func ownStop(cause error) bool {
	var outOfStep *persistent.OutOfStepError
	return errors.Is(cause, schedule.ErrDeadline) || errors.As(cause, &outOfStep)
}

// ownProcesses returns the limits of the processes that this one starts. A worker is not subject to the limits of its
// jobs.
func ownProcesses(p plan.Plan) process.Spec {
	spec := p.Process
	spec.RunID = p.Execute.RunID
	if p.Mode == plan.Process && !p.Persistent {
		spec.Memory = 0
	}
	return spec
}
