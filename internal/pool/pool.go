// Package pool hands jobs to workers: a [Pool] starts them, keeps each busy, takes jobs back from slow ones, and
// replaces those that die. What a worker is and how to talk to it is the business of its [Starter] and [Client].
//
// A job that a worker has not begun goes to another when that worker dies or another has nothing to do. A job that has
// begun stays with its worker until it ends.
//
// The Pool calls a Client; a Client reports to its [Worker]. Hosts may come and go ([Pool.Offer]); five deaths of
// workers in a row, with no job finished, close a host, and the last host's end is the end of the run.
package pool

import (
	"context"
	"sync"
	"sync/atomic"

	"fanout/internal/job"
)

// Pool is the workers of a run and the jobs that wait for them.
type Pool struct {
	spec    Spec
	starter Starter
	fail    func(error) // ends the run
	most    int         // how many jobs it may have

	busy      atomic.Int64 // how many jobs can run at a time
	leftovers atomic.Int64 // on other machines
	extra     atomic.Int64 // how many jobs the workers may have beyond those that run

	mu        sync.Mutex
	grown     func() // is called, without the lock, when the Pool can take more jobs
	queue     list   // jobs that no worker has yet
	spare     list   // Tasks for reuse
	hosts     []*hostState
	seats     []*seat // seat number minus one is the index
	vacant    int     // how many seats are free, on open hosts
	slots     int     // how many slot numbers are taken
	starting  int     // how many jobs the workers that are starting will run at a time
	gathering gathering
	idle      stack // workers that may have too few jobs
	roomy     stack // workers that may take more
	ahead     int   // how many jobs workers have beyond those that they run
	halted    bool
	stopped   bool
	closed    bool
	ctx       context.Context // done when no more jobs begin
	end       context.CancelFunc
	left      sync.WaitGroup
}

// New makes a Pool. It starts workers when there are jobs for them, and calls fail when there is no hope that any will
// work.
func New(spec Spec, starter Starter, fail func(error)) *Pool {
	p := &Pool{
		spec: spec, starter: starter, fail: fail, most: spec.Most(), grown: func() {},
	}
	p.ctx, p.end = context.WithCancel(context.Background())
	for _, host := range spec.Hosts {
		p.add(host)
	}
	return p
}

// Depth returns how many jobs the Pool can use at the moment.
func (p *Pool) Depth() int { return min(p.most, int(p.busy.Load()+p.extra.Load())) }

// Busy returns how many jobs the workers can run at a time.
func (p *Pool) Busy() int { return min(p.most, int(p.busy.Load())) }

// OnGrowth sets what is called when the Pool can take more jobs though none is done. It is called before the first
// Submit; hosts may have been offered before.
func (p *Pool) OnGrowth(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grown = f
}

// Cancel ends a job that has begun. A job that its worker has returned meanwhile has not begun any more, and stays.
func (p *Pool) Cancel(attempt *job.Attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.each {
		for t := w.tasks.first; t != nil; t = t.after {
			if t.Attempt == attempt && t.begun.Load() != 0 {
				t.cancelled = true
				w.client.Cancel(t)
				return
			}
		}
	}
}

// each iterates over the workers that have started. The lock is held.
func (p *Pool) each(yield func(*Worker) bool) {
	for _, s := range p.seats {
		if w := s.worker; w != nil && w.client != nil && !yield(w) {
			return
		}
	}
}

// Settle asks for Done of the jobs that have Ended, now that all have.
func (p *Pool) Settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.each {
		w.client.Settle()
	}
}

// Halt lets no more jobs begin.
func (p *Pool) Halt() { p.halt(false) }

// Stop ends all jobs.
func (p *Pool) Stop() { p.halt(true) }

func (p *Pool) halt(all bool) {
	p.mu.Lock()
	p.end()
	p.halted = true
	first := all && !p.stopped
	p.stopped = p.stopped || all
	waiting := p.queue.all()
	p.queue = list{}
	for w := range p.each {
		if first {
			w.client.Stop()
			continue
		}
		w.recall()
	}
	p.mu.Unlock()
	for _, t := range waiting {
		t.stopped()
	}
}

// KillNow ends the grace of all jobs that are being ended.
func (p *Pool) KillNow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.each {
		w.client.KillNow()
	}
}

// Close dismisses the workers, when no job is left, and returns when all have gone.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed, p.halted = true, true
	p.end()
	for w := range p.each {
		w.client.Dismiss()
	}
	p.mu.Unlock()
	p.left.Wait()
}

// Workers calls the function for each worker that has started.
func (p *Pool) Workers(call func(Client)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.each {
		call(w.client)
	}
}
