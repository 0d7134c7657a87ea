package schedule

import (
	"context"
	"testing"

	"fanout/internal/job"
)

// silent is a Collector of jobs that print nothing.
type silent struct{}

func (silent) Await(job.Job)               {}
func (silent) Start(job.Job) job.Output    { return job.Output{} }
func (silent) Ended(job.Job)               {}
func (silent) Begun(job.Job)               {}
func (silent) Unstart(job.Job)             {}
func (silent) Retry(job.Job, job.Status)   {}
func (silent) Abandon(job.Job, job.Status) {}
func (silent) Done(job.Job, job.Status)    {}

// BenchmarkRun is what the scheduler takes for a job of no time.
func BenchmarkRun(b *testing.B) {
	for name, spec := range map[string]Spec{"one slot": {Slots: 1}, "8 slots": {Slots: 8}, "retries": {Slots: 8, Retries: 2}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			exec := runFunc(func(context.Context, job.Job) job.Status { return ok })
			src := &source{jobs: int64(b.N)}
			if err := Run(b.Context(), spec, src.all, exec, silent{}); err != nil {
				b.Error(err)
			}
		})
	}
}
