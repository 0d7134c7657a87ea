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

// leaveMost is how long a worker on this machine may take beyond the grace to end its jobs and
// itself: less than the last resort waits. cancelMost is how long one may say nothing beyond the
// grace when it was told to end a job.
const (
	leaveMost  = 1500 * time.Millisecond
	cancelMost = 2 * time.Second
)

// ahead is how many short jobs a worker may be given beyond those that it runs. With
// jobs that take no time, 64 have it busy while the next are on their way.
const ahead = 64

// backOff is how long the next worker on this machine is waited for when two have died in a
// row.
const backOff = 100 * time.Millisecond

// ahead is how many jobs a worker may have beyond those that it runs. One that it has been
// given may begin before it hears of a stop, and at another moment than the pace allows.
func (r *Run) ahead() int {
	if s := r.plan.Schedule; s.Delay > 0 || s.Rate > 0 || s.MaxFailures != (schedule.Limit{}) {
		return 0
	}
	return ahead
}

// prepareWorkers makes ready for jobs that run in workers. The executor of this process has
// found their programs, and will not run any.
func (r *Run) prepareWorkers() error {
	p := &r.plan
	// The program, with as many threads as it has when it has started and some more, and each of
	// its jobs.
	const program, atLeast = process.AtStart + 4, process.AtStart + 2
	processes := program + p.Threads*(1+r.local.ProcessesPerJob())
	if err := r.makeRoom(ofWorkers, demand{own: ownThreads, each: 1 + processes, least: 1 + atLeast + p.Threads}, processes); err != nil {
		return err
	}
	spec := pool.Spec{
		Hosts: []pool.Host{{Workers: p.Schedule.Workers, Threads: p.Threads}},
		Ahead: r.ahead(), Free: !r.local.StartsProcesses(), BackOff: backOff,
	}
	r.fitTo(spec)
	execute := p.Execute
	starter := &worker.Starter{
		Launcher: &worker.Local{
			Supervisor: r.sup,
			Path:       process.OwnPath(),
			Environ:    execute.Environ,
			Run:        execute.RunID,
			Stderr:     int(r.io.Stderr.Fd()),
		},
		Free: spec.Free,
		Setup: worker.Setup{
			Threads:  p.Threads,
			Cancels:  p.Schedule.Timeout > 0,
			Template: p.Template,
			Execute:  execute,
			Process:  p.Process,
			Limits:   worker.Limits{Nice: p.Nice, CPUs: p.CPUs},
		},
		// Six questions in half a minute: a machine that swaps may take as long.
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

// ofWorkers is the files that workers need: three pipes, a pidfd, an eventfd, and what a fork does.
var ofWorkers = demand{own: 32, each: 8}

// fitTo adapts the stages to the workers of a pool.
func (r *Run) fitTo(spec pool.Spec) {
	r.plan.Schedule.Workers = spec.Most()
	r.plan.Collect.Slots = spec.Most()
}

// schedule runs all jobs.
func (r *Run) schedule(ctx context.Context, cancel context.CancelCauseFunc, c *collect.Collector) error {
	if r.newPool == nil {
		return schedule.Run(ctx, r.scheduleSpec(), r.jobs, r.exec, c)
	}
	failed := make(chan error, 1)
	p, err := r.newPool(func(err error) {
		select {
		case failed <- err:
		default: // the first says it
		}
		cancel(err)
	})
	if err != nil {
		return err
	}
	r.pool.Store(p)
	endOffers := r.offer(p, cancel)
	err = schedule.RunPool(ctx, r.scheduleSpec(), r.jobs, p, c)
	endOffers()
	defer context.AfterFunc(ctx, p.Stop)() // also while they take their leave
	if r.backend != nil && r.stoppedNow(ctx, err) {
		p.Stop() // also what jobs have left there that have ended before
	}
	p.Close()
	r.cleanRemote()
	// What is wrong may only be seen when the last worker ends, after the last job.
	select {
	case late := <-failed:
		if err == nil {
			err = late
		}
	default:
	}
	return err
}

// ownProcesses is what the processes that this one starts are held to. A worker is not held
// to what each of its jobs is.
func ownProcesses(p plan.Plan) process.Spec {
	spec := p.Process
	spec.RunID = p.Execute.RunID
	if p.Mode == plan.Process && !p.Persistent {
		spec.Memory = 0
	}
	return spec
}

// suspender is a worker that stops its jobs itself.
type suspender interface {
	Suspend()
	Resume()
}

// eachWorker calls with the workers that stop their jobs themselves, if it is such that
// run them.
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
