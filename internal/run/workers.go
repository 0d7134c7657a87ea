package run

import (
	"context"
	"time"

	"fanout/internal/collect"
	"fanout/internal/plan"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/schedule"
	"fanout/internal/worker"
)

// leaveMost is how long a worker on this machine may take beyond the grace to end its jobs and itself: less than the
// last resort waits. cancelMost is how long it may be silent beyond the grace when it was told to end a job.
const (
	leaveMost  = 1500 * time.Millisecond
	cancelMost = 2 * time.Second
)

// mostAhead is how many short jobs a worker may have beyond those that it runs. If they take no time, 64 keep it busy
// while the next are on their way.
const mostAhead = 64

// backOff is how long the next worker on this machine waits when two have died in a row.
const backOff = 100 * time.Millisecond

// ahead returns how many jobs a worker may have beyond those that it runs: none where jobs have a pace or a stop rule,
// since a job that a worker has may begin before it hears of a stop, or earlier than the pace allows.
func ahead(p *plan.Plan) int {
	if s := p.Schedule; s.Delay > 0 || s.Rate > 0 || s.MaxFailures != (schedule.Limit{}) {
		return 0
	}
	return mostAhead
}

// prepareWorkers prepares a pool of workers on this machine. The executor of this process has found the jobs' programs,
// and runs none.
func (r *Run) prepareWorkers() error {
	p := &r.plan
	// Processes and threads: a worker has those of its start and some more, and those of its jobs.
	const program, atLeast = process.AtStart + 4, process.AtStart + 2
	processes := program + p.Threads*(1+r.local.ProcessesPerJob())
	if err := r.makeRoom(ofWorkers, demand{own: ownThreads, each: 1 + processes, least: 1 + atLeast + p.Threads}, processes); err != nil {
		return err
	}
	spec := pool.Spec{
		Hosts: []pool.Host{{Workers: p.Schedule.Slots, Threads: p.Threads}},
		Ahead: ahead(p), Free: !r.local.StartsProcesses(), BackOff: backOff,
	}
	r.learn(func(f *plan.Facts) { f.Pooled = spec.Most() })
	starter := &worker.Starter{
		Launcher: &worker.Local{
			Supervisor: r.sup,
			Path:       process.OwnPath(),
			Environ:    p.Execute.Environ,
			Run:        p.Execute.RunID,
			Stderr:     int(r.io.Stderr.Fd()),
		},
		Free: spec.Free,
		Setup: worker.Setup{
			Threads:  p.Threads,
			Cancels:  p.Schedule.Timeout > 0,
			Template: p.Template,
			Execute:  p.Execute,
			Process:  p.Process,
			Limits:   worker.Limits{Nice: p.Nice, CPUs: p.CPUs},
		},
		// Six pings in half a minute: a machine that swaps may take as long.
		Patience: worker.Patience{
			Beat: 5 * time.Second, Missed: 6,
			Leave: p.Process.Grace + leaveMost, Cancel: p.Process.Grace + cancelMost,
		},
		Warn: r.warn,
	}
	r.newPool = func(fail func(error)) (*pool.Pool, error) {
		if p.Collect.Mode == collect.Raw {
			fd, err := process.ForWorkers(int(r.out.Fd()))
			if err != nil {
				return nil, err
			}
			starter.Setup.Outputs = [2]int{fd, int(r.io.Stderr.Fd())}
		}
		return pool.New(spec, starter, fail), nil
	}
	return nil
}

// ofWorkers is how many files workers need: three pipes, a pidfd, an eventfd, and what a fork takes.
var ofWorkers = demand{own: 32, each: 8}

// schedule runs all jobs, in this process or by a pool.
func (r *Run) schedule(ctx context.Context, cancel context.CancelCauseFunc, c *collect.Collector) error {
	if r.newPool == nil {
		return schedule.Run(ctx, r.scheduleSpec(), r.jobs, r.exec, c)
	}
	failed := make(chan error, 1)
	p, err := r.newPool(func(err error) {
		select {
		case failed <- err:
		default: // the first error counts
		}
		cancel(err)
	})
	if err != nil {
		return err
	}
	r.pool.Store(p)
	endOffers := func() {}
	if r.remote != nil {
		endOffers = r.remote.Offer(p, cancel)
	}
	err = schedule.RunPool(ctx, r.scheduleSpec(), r.jobs, p, c)
	endOffers()
	defer context.AfterFunc(ctx, p.Stop)() // also while workers end
	if r.remote != nil && (ctx.Err() != nil || failedNow(&r.plan, err)) {
		p.Stop() // also leftovers, on other machines, of jobs that have ended before
	}
	p.Close()
	if r.remote != nil {
		r.remote.CleanUp()
	}
	// Some faults only show when the last worker ends, after the last job.
	select {
	case late := <-failed:
		if err == nil {
			err = late
		}
	default:
	}
	return err
}

// suspender is a worker that suspends its jobs itself.
type suspender interface {
	Suspend()
	Resume()
}

// eachWorker calls the function for each worker that suspends its jobs itself. It reports whether such workers run
// them.
func (r *Run) eachWorker(call func(suspender)) bool {
	p := r.pool.Load()
	if p == nil || r.plan.Persistent {
		return false
	}
	p.Workers(func(w pool.Client) {
		if s, ok := w.(suspender); ok {
			call(s)
		}
	})
	return true
}
