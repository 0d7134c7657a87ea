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

// Ray says what workers get of a Ray cluster. Each worker is an actor.
type Ray struct {
	Address   string // of the cluster
	Python    string // a Python that has the module ray
	Workers   int    // at most
	Threads   int    // jobs at a time in each
	CPUs      float64
	GPUs      float64
	Memory    int64 // bytes
	Resources map[string]float64
}

type ray struct {
	spec   Ray
	here   Here
	ids    ids
	driver atomic.Pointer[driver] // nil until it is connected
}

func newRay(spec Ray, here Here) Backend {
	return &ray{spec: spec, here: here, ids: ids{run: here.Run}}
}

// Capacity is part of Backend. It does not ask what the cluster has: a worker for which there is no room waits, and so
// tells the cluster's autoscaler.
func (e *ray) Capacity(ctx context.Context, offer func([]pool.Host)) error {
	d, err := e.connect(ctx)
	if err != nil {
		return err
	}
	e.driver.Store(d)
	var hosts []pool.Host
	for n := range e.spec.Workers {
		hosts = append(hosts, pool.Host{Name: fmt.Sprintf("Ray worker %d", n+1), Workers: 1, Threads: e.spec.Threads})
	}
	offer(hosts)
	return nil
}

func (e *ray) connect(ctx context.Context) (*driver, error) {
	path, err := process.LookPath(e.spec.Python, process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w: name a Python that has the module ray, with --ray-python", text.Name(e.spec.Python), err)
	}
	d, err := startDriver(e.here, path)
	if err != nil {
		return nil, err
	}
	const patience = 90 * time.Second // of a head that does not answer, Ray itself says so after a minute
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("Ray at %s: no answer within %v", text.Name(e.spec.Address), patience))
	defer cancel()
	err = d.connect(ctx, settings{
		Address: e.spec.Address, CPUs: e.spec.CPUs, GPUs: e.spec.GPUs, Memory: e.spec.Memory, Resources: e.spec.Resources,
		Run: e.here.Run, Environment: loginVariables(),
	})
	if err != nil {
		d.close(context.Background(), time.Second)
	}
	return d, err
}

// Launch is part of worker.Launcher. It waits for as long as the cluster has no room.
func (e *ray) Launch(ctx context.Context, number int, host string) (worker.Link, error) {
	d := e.driver.Load()
	if d == nil {
		return nil, errors.New("Ray is not connected")
	}
	t := transport{d, traits{linger: e.here.Grace + 2*time.Second, complete: keptConnection, after: cleanup{run: e.here.Run}}}
	s, err := t.connect(ctx, e.here, host, e.ids.next(number), "--far")
	if err != nil {
		return nil, err
	}
	return &link{shell: s}, nil
}

// Clean is part of Backend. Ray ends the actors of a driver that is gone, and what they run.
func (e *ray) Clean(ctx context.Context, _, host string) ([]string, error) {
	if d := e.driver.Load(); d != nil && host == "" {
		const patience = 5 * time.Second
		d.close(ctx, patience)
	}
	return nil, nil
}
