package run

import (
	"fmt"
	"os"
	"time"

	"fanout/internal/limits"
	"fanout/internal/plan"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/remote"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// gather is how long the first job waits for all hosts: one of them may find that COMMAND cannot be run, which the user
// should know before anything runs.
const gather = 3 * time.Second

// missed is how many pings may go without an answer.
const missed = 6

// prepareRemote prepares a pool of workers on other machines.
func (r *Run) prepareRemote() (err error) {
	p := &r.plan
	r.remote, err = remote.NewSession(p.Remote, remote.Here{
		Supervisor: r.sup,
		Program:    p.Program,
		Environ:    os.Environ(),
		Run:        p.Execute.RunID,
		Grace:      p.Process.Grace,
		Stderr:     r.io.Say,
		Warn:       r.warn,
	})
	if err != nil {
		return err
	}
	spec := pool.Spec{
		Growing: true,
		Ahead:   remoteAhead(p, r.local.StartsProcesses()), Free: !r.local.StartsProcesses(),
		BackOff: time.Second,
		LeftOut: func(host string, why error) {
			r.warn(fmt.Sprintf("%s is left out from now on: %v", text.Name(host), why))
		},
		Died: r.remote.Died,
	}
	setup := worker.Remote{Run: p.Execute.RunID, Dir: p.Remote.Dir, Silence: missed * p.Remote.Beat}
	if p.Remote.NamesHosts() {
		spec.Gather = gather
	}
	_, plenty := limits.RoomFor(process.Plenty)
	r.sup.Expect(0, plenty) // how many workers there will be is unknown
	r.learn(func(f *plan.Facts) { f.Pooled = spec.Most() })
	starter := &worker.Starter{
		Launcher: r.remote, NamesHosts: p.Remote.NamesHosts(),
		Free:     false, // the host's own programs decide whether jobs start processes
		Requeues: !p.Remote.AtMostOnce,
		Setup: worker.Setup{
			Cancels:  p.Schedule.Timeout > 0,
			Template: p.Template,
			Execute:  p.Execute,
			Process:  p.Process,
			Limits:   worker.Limits{Nice: p.Nice},
			Remote:   &setup,
		},
		Patience: worker.Patience{Beat: p.Remote.Beat, Missed: missed, Leave: p.Process.Grace + 5*time.Second},
	}
	starter.Setup.Execute.Environ = nil // hosts have their own
	r.newPool = func(fail func(error)) (*pool.Pool, error) { return pool.New(spec, starter, fail), nil }
	return nil
}

// remoteAhead is ahead for a worker whose answers take a while: with Ray, 10 ms. It needs as many jobs that take no
// time as end meanwhile: 100,000 × echo there took 11.5 s with 64 ahead, and 3.5 s with 512.
func remoteAhead(p *plan.Plan, processes bool) int {
	const times = 8
	if processes {
		return ahead(p)
	}
	return times * ahead(p)
}
