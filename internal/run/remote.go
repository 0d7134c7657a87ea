package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"fanout/internal/limits"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/remote"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// gather is how long the first job waits for all hosts: one of them may find that COMMAND
// cannot be run, which is better known before anything has.
const gather = 3 * time.Second

// missed is how many questions may go without an answer.
const missed = 6

// prepareBackend makes ready for jobs that run on other machines.
func (r *Run) prepareBackend() (err error) {
	p := &r.plan
	stderr := r.io.Say
	r.died, r.offered = newHostNames(), newHostNames()
	r.backend, err = remote.New(p.Remote, remote.Here{
		Supervisor: r.sup,
		Program:    p.Program,
		Environ:    os.Environ(),
		Run:        p.Execute.RunID,
		Grace:      p.Process.Grace,
		Stderr:     stderr,
		Warn:       r.warn,
	})
	if err != nil {
		return err
	}
	spec := pool.Spec{
		Growing: true,
		Ahead:   r.remoteAhead(), Free: !r.local.StartsProcesses(),
		BackOff: time.Second,
		LeftOut: func(place string, why error) {
			r.warn(fmt.Sprintf("%s is left out from now on: %v", text.Name(place), why))
		},
		Died: r.died.add,
	}
	far := worker.Remote{Run: p.Execute.RunID, Dir: p.Remote.Dir, Silence: missed * p.Remote.Beat}
	if p.Remote.NamesHosts() {
		spec.Gather = gather
	}
	_, plenty := limits.RoomFor(process.Plenty)
	r.sup.Expect(0, plenty) // how many workers there will be is not known
	r.fitTo(spec)
	starter := &worker.Starter{
		Launcher: r.backend, NamesHosts: p.Remote.NamesHosts(),
		Free:     false, // whether jobs start processes is decided at the far end
		Requeues: !p.Remote.AtMostOnce,
		Setup: worker.Setup{
			Cancels:  p.Schedule.Timeout > 0,
			Template: p.Template,
			Execute:  p.Execute,
			Process:  p.Process,
			Limits:   worker.Limits{Nice: p.Nice},
			Remote:   &far,
		},
		Patience: worker.Patience{Beat: p.Remote.Beat, Missed: missed, Leave: p.Process.Grace + 5*time.Second},
	}
	starter.Setup.Execute.Environ = nil // what is there is the far end's own
	r.newPool = func(fail func(error)) (*pool.Pool, error) { return pool.New(spec, starter, fail), nil }
	return nil
}

// remoteAhead is ahead for a worker whose answers take a while: with Ray, 10 ms. Of jobs that take no
// time it has to have as many as end meanwhile: 100,000 × echo there took 11.5 s with 64, and
// 3.5 s with 512.
func (r *Run) remoteAhead() int {
	const times = 8
	if r.local.StartsProcesses() {
		return r.ahead()
	}
	return times * r.ahead()
}

// offer gives the pool the places that the backend has, until the function that it returns is
// called.
func (r *Run) offer(p *pool.Pool, fail func(error)) (end func()) {
	if r.backend == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		err := r.backend.Capacity(ctx, func(places []pool.Host) {
			for _, pl := range places {
				r.offered.add(pl.Name)
			}
			p.Offer(places)
		})
		if err != nil && ctx.Err() == nil {
			fail(err)
		}
	})
	return func() {
		cancel()
		watching.Wait()
	}
}

// hostNames is a set of their names.
type hostNames struct {
	mu    sync.Mutex
	names map[string]bool
}

func newHostNames() *hostNames { return &hostNames{names: map[string]bool{}} }

func (p *hostNames) add(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[name] = true
}

// sorted is all of them.
func (p *hostNames) sorted() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.names))
}

// cleanRemote ends what workers that have died may have left behind, which nobody else sees to
// where their guardian has died with them.
func (r *Run) cleanRemote() {
	if r.backend == nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Second, errors.New("no answer within 20s"))
	defer cancel()
	var cleaning sync.WaitGroup
	if r.plan.Remote.HoldsJobs() {
		r.died.add("")
	}
	for _, name := range r.died.sorted() {
		cleaning.Go(func() {
			lines, err := r.backend.Clean(ctx, r.plan.Execute.RunID, name)
			for _, line := range slices.Clip(lines) {
				r.warn(fmt.Sprintf("%s: %s", name, line))
			}
			if err != nil {
				left := "what a worker that has died may have left behind there is not cleaned up: %v; run fanout cleanup there"
				if name == "" {
					left = "what this run may still have of the cluster is not given back: %v"
				}
				r.warn(fmt.Sprintf(left, err))
			}
		})
	}
	cleaning.Wait()
}
