// Package pool hands jobs to workers: it starts them, keeps each busy, takes jobs
// back from those that are slow, and makes up for those that die. What a worker is
// and how it is talked to is not its business.
//
// A job that a worker has not begun is given to another when that worker dies or
// another has nothing to do. One that has begun is its worker's until it ends.
package pool

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
)

// Spec says where workers are, and how much each is given.
type Spec struct {
	Hosts   []Host
	Growing bool // there may be more places later
	Ahead   int  // how many more jobs than it runs a worker may be given, when they are short
	Free    bool // jobs are so short that taking them back is not worth while

	BackOff time.Duration                 // before the next worker of a place after two have died in a row; doubles four times
	Gather  time.Duration                 // the first job waits so long for all workers to start
	LeftOut func(place string, why error) // is told of each place that is given up while there are others
	Died    func(place string)            // is told where a worker that had started has died
}

// Most is how many jobs are with the workers at most.
func (s Spec) Most() int {
	const unknown = 1 << 16
	most := 0
	for _, pl := range s.Hosts {
		if pl.Threads == 0 {
			return unknown
		}
		most += pl.Workers * (pl.Threads + s.Ahead)
	}
	if s.Growing {
		return max(most, unknown)
	}
	return most
}

// Starter starts the worker of a Member, which is told what becomes of it. It gives up when
// the Member's Context is done.
type Starter interface {
	Start(m *Worker) (Client, error)
}

// Client runs jobs. Its methods return at once; they are called one at a time. The
// client tells its Member what comes of them, from another goroutine.
type Client interface {
	Flush()         // has what was sent go out now
	FlushSoon()     // or in a moment, when more may have joined it
	Send(t *Task)   // ends in Member.Done or, when the job has not begun, in Member.Return
	Recall(t *Task) // asks for Return, unless the job has begun
	Cancel(t *Task) // asks for Done, soon
	Stop()          // asks for Done of all, and the end of all that jobs have left behind
	Settle()        // all jobs have Ended: asks for Done of those that it still has
	Dismiss()       // nothing more comes: asks for Gone
	KillNow()       // ends the grace of what is being ended
}

// Task is a job that is with the Pool.
type Task struct {
	Attempt *job.Attempt
	ID      uint64 // what its worker knows it by; the worker's own

	worker    *Worker      // that has it, nil in the queue
	begun     atomic.Int64 // when, in nanoseconds; 0 before that
	recalled  bool
	cancelled bool
	ended     bool  // and not done
	before    *Task // in its list
	after     *Task
}

// Pool is the workers of a run and the jobs that wait for them.
type Pool struct {
	spec    Spec
	starter Starter
	fail    func(error) // ends the run
	most    int         // jobs that it may have

	busy   atomic.Int64 // how many jobs can run at a time
	behind atomic.Int64 // processes that jobs have left on other machines
	extra  atomic.Int64 // how many jobs the workers may have beyond those that run

	mu        sync.Mutex
	grown     func() // called, without the lock, when the Pool can have more jobs
	queue     list   // what no worker has yet
	spare     list   // Tasks that are nobody's
	hosts     []*hostState
	seats     []*seat // by the number of the worker, which is one more
	vacant    int     // how many of them are free, at places that are open
	slots     int     // how many numbers of slots have been given away
	starting  int     // how many jobs those workers can run that have not started yet
	gathering gathering
	idle      stack // those with too few jobs, maybe
	roomy     stack // those that can take more, maybe
	ahead     int   // how many jobs are with workers that run enough without them
	halted    bool
	stopped   bool
	closed    bool
	ctx       context.Context // done when no more jobs begin
	end       context.CancelFunc
	left      sync.WaitGroup
}

// New makes a Pool. It starts workers when there are jobs for them. fail is called
// when there is no hope that any will work.
func New(spec Spec, starter Starter, fail func(error)) *Pool {
	p := &Pool{
		spec: spec, starter: starter, fail: fail, most: spec.Most(), grown: func() {},
	}
	p.ctx, p.end = context.WithCancel(context.Background())
	for _, pl := range spec.Hosts {
		p.add(pl)
	}
	return p
}

// Depth is how many jobs the Pool can do something with at the moment.
func (p *Pool) Depth() int { return min(p.most, int(p.busy.Load()+p.extra.Load())) }

// Busy is how many jobs the workers run at a time.
func (p *Pool) Busy() int { return min(p.most, int(p.busy.Load())) }

// OnGrowth has f called when the Pool can have more jobs though none is done. It is to be
// said before the first job; places may have been offered before.
func (p *Pool) OnGrowth(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grown = f
}

// Submit takes on a job.
func (p *Pool) Submit(try *job.Attempt) {
	p.mu.Lock()
	if p.halted {
		p.mu.Unlock()
		try.Owner.Done(try, job.Status{Outcome: job.Stopped, Unused: true})
		return
	}
	t := p.spare.first
	if t != nil {
		p.spare.remove(t)
		t.Attempt = try
	} else {
		t = &Task{Attempt: try}
	}
	p.queue.push(t)
	p.gather()
	p.dispatch()
	p.mu.Unlock()
}

func (t *Task) stopped() {
	t.Attempt.Owner.Done(t.Attempt, job.Status{Outcome: job.Stopped, Unused: true})
}

// recycle keeps a Task for another job.
func (p *Pool) recycle(t *Task) {
	t.Attempt, t.ID, t.recalled, t.cancelled, t.ended = nil, 0, false, false, false
	t.begun.Store(0)
	p.spare.push(t)
}

// dispatch gives away what is in the queue: to workers that run too little, new ones
// among them, and then to those that may have some more.
func (p *Pool) dispatch() {
	for p.queue.first != nil && p.gathering != underWay {
		m := p.idle.top(func(m *Worker) bool { return m.tasks.n < m.threads })
		if m == nil {
			if s := p.freeSeat(); s != nil {
				if p.queue.n > p.starting {
					p.launch(s)
					continue
				}
				return
			}
		}
		if m == nil {
			m = p.roomy.top(func(m *Worker) bool { return m.tasks.n < m.depth })
		}
		if m == nil {
			return
		}
		m.give(p.queue.pop())
	}
}

// launch starts one more worker.
func (p *Pool) launch(s *seat) {
	m := &Worker{Number: s.number, Host: s.host.Name, FirstSlot: s.first, pool: p, seat: s, threads: s.threads, depth: s.threads}
	s.worker = m
	p.vacant--
	s.host.present++
	m.starts = max(1, m.threads)
	p.starting += m.starts
	wait := s.host.backOff(p.spec.BackOff)
	p.left.Add(1) // until it is gone
	p.left.Go(func() { p.start(m, wait) })
}

func (p *Pool) start(m *Worker, wait time.Duration) {
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-p.ctx.Done():
		}
	}
	p.mu.Lock()
	over := p.halted || p.closed
	p.mu.Unlock()
	var w Client
	var err error
	if !over {
		w, err = p.starter.Start(m)
	}
	p.mu.Lock()
	p.starting -= m.starts
	if w == nil {
		p.mu.Unlock()
		m.Gone(err)
		p.gathered()
		return
	}
	defer p.gathered()
	defer p.mu.Unlock()
	m.client = w
	m.seat.host.full = false
	switch {
	case m.gone: // at once, while it still counted as one that will take jobs
		p.dispatch()
	case p.halted, p.closed:
		w.Dismiss()
	default:
		p.settle(m)
	}
}

// settle has a member that may have room take jobs. When there are none, others may
// have too many.
func (p *Pool) settle(m *Worker) {
	if m.gone || m.client == nil {
		return
	}
	if m.seat.host.closed {
		if m.tasks.n == 0 {
			m.client.Dismiss()
		}
		p.dispatch()
		return
	}
	if m.tasks.n < m.threads {
		p.idle.push(m)
	}
	if m.tasks.n < m.depth {
		p.roomy.push(m)
	}
	p.dispatch()
	if m.tasks.n < m.threads && p.ahead > 0 && !p.spec.Free {
		p.relieve()
	}
}

// relieve takes a job back from the worker that has the most beyond what it runs.
func (p *Pool) relieve() {
	var best *Task
	most := 0 // beyond what it runs
	for m := range p.each {
		if m.tasks.n-m.threads <= most {
			continue
		}
		t := m.tasks.last
		for t != nil && (t.recalled || t.begun.Load() != 0) {
			t = t.before
		}
		if t != nil {
			best, most = t, m.tasks.n-m.threads
		}
	}
	if best != nil {
		best.recalled = true
		best.worker.client.Recall(best)
	}
}

// Cancel ends a job that has begun. One that its worker has given back is in its beginning
// no more, and is let be.
func (p *Pool) Cancel(try *job.Attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m := range p.each {
		for t := m.tasks.first; t != nil; t = t.after {
			if t.Attempt == try && t.begun.Load() != 0 {
				t.cancelled = true
				m.client.Cancel(t)
				return
			}
		}
	}
}

// each is the members that have started.
func (p *Pool) each(yield func(*Worker) bool) {
	for _, s := range p.seats {
		if m := s.worker; m != nil && m.client != nil && !yield(m) {
			return
		}
	}
}

// Settle has jobs that have Ended be Done, now that all have.
func (p *Pool) Settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m := range p.each {
		m.client.Settle()
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
	for m := range p.each {
		if first {
			m.client.Stop()
			continue
		}
		m.recall()
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
	for m := range p.each {
		m.client.KillNow()
	}
}

// Close ends the workers, when no job is left, and returns when all have gone.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed, p.halted = true, true
	p.end()
	for m := range p.each {
		m.client.Dismiss()
	}
	p.mu.Unlock()
	p.left.Wait()
}

// Running is a job that a worker runs now.
type Running struct {
	Job    job.Job
	Worker int
	Host   string // "" is this machine
	For    time.Duration
}

// Running is the jobs that run now, by worker.
func (p *Pool) Running() (all []Running) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m := range p.each {
		for t := m.tasks.first; t != nil; t = t.after {
			if t.begun.Load() != 0 {
				all = append(all, Running{Job: t.Attempt.Job, Worker: m.Number, Host: m.Machine, For: time.Since(time.Unix(0, t.begun.Load()))})
			}
		}
	}
	return all
}

// Counts is how many jobs run now, and how many wait for a worker to have them.
func (p *Pool) Counts() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m := range p.each {
		for t := m.tasks.first; t != nil; t = t.after {
			if t.begun.Load() != 0 {
				running++
			}
		}
	}
	return running, p.queue.n
}

// Workers calls with each worker that has started.
func (p *Pool) Workers(call func(Client)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m := range p.each {
		call(m.client)
	}
}
