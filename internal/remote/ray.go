package remote

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// Ray says what workers get of a Ray cluster. Each is an actor.
type Ray struct {
	Address   string // of the cluster
	Python    string // that has the module ray
	Workers   int    // how many there are at most
	Threads   int    // jobs at a time of each
	CPUs      float64
	GPUs      float64
	Memory    int64 // bytes
	Resources map[string]float64
}

type ray struct {
	spec   Ray
	here   Here
	ids    ids
	driver atomic.Pointer[driver] // once it is connected
}

func newRay(spec Ray, near Here) Backend {
	return &ray{spec: spec, here: near, ids: ids{run: near.Run}}
}

// Capacity is part of Backend. Workers are offered without asking what the cluster has: one that
// it has no place for waits, and lets the cluster's autoscaler see that.
func (e *ray) Capacity(ctx context.Context, offer func([]pool.Host)) error {
	d, err := e.connect(ctx)
	if err != nil {
		return err
	}
	e.driver.Store(d)
	var places []pool.Host
	for n := range e.spec.Workers {
		places = append(places, pool.Host{Name: fmt.Sprintf("Ray worker %d", n+1), Workers: 1, Threads: e.spec.Threads})
	}
	offer(places)
	return nil
}

func (e *ray) connect(ctx context.Context) (*driver, error) {
	path, err := process.LookPath(e.spec.Python, process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w: name a Python that has the module ray with --ray-python", text.Name(e.spec.Python), err)
	}
	d, err := startDriver(e.here, path)
	if err != nil {
		return nil, err
	}
	const patience = 90 * time.Second // a Ray whose head is there but does not answer says so after a minute
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the Ray at %s does not answer within %v", text.Name(e.spec.Address), patience))
	defer cancel()
	err = d.connect(ctx, settings{
		Address: e.spec.Address, CPUs: e.spec.CPUs, GPUs: e.spec.GPUs, Memory: e.spec.Memory, Resources: e.spec.Resources,
		Run: e.here.Run, Environment: ofLogin(),
	})
	if err != nil {
		d.close(context.Background(), time.Second)
	}
	return d, err
}

// Launch is part of worker.Launcher. It waits for as long as the cluster has no place.
func (e *ray) Launch(ctx context.Context, number int, place string) (worker.Link, error) {
	d := e.driver.Load()
	if d == nil {
		return nil, errors.New("no Ray is connected")
	}
	w := transport{
		begin:  func(_, script string, stderr *tagged) (peer, error) { return d.launch(script, stderr) },
		linger: e.here.Grace + 2*time.Second, sane: complete, after: "[ $c = 0 ] || " + cleanHere(e.here.Run) + "; ",
	}
	s, err := w.connect(ctx, e.here, place, e.ids.next(number), "--far")
	if err != nil {
		return nil, err
	}
	return &link{shell: s}, nil
}

// Clean is part of Backend. Ray ends the actors of a driver that is gone, and so what they run.
func (e *ray) Clean(ctx context.Context, _, place string) ([]string, error) {
	if d := e.driver.Load(); d != nil && place == "" {
		const patience = 5 * time.Second
		return nil, d.close(ctx, patience)
	}
	return nil, nil
}
