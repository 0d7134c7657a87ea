package pool

import (
	"time"

	"fanout/internal/job"
)

// Submit takes a job, and sees to it that its Owner is told of the outcome.
func (p *Pool) Submit(attempt *job.Attempt) {
	p.mu.Lock()
	if p.halted {
		p.mu.Unlock()
		attempt.Owner.Done(attempt, job.Status{Outcome: job.Stopped, Unused: true})
		return
	}
	t := p.spare.first
	if t != nil {
		p.spare.remove(t)
		t.Attempt = attempt
	} else {
		t = &Task{Attempt: attempt}
	}
	p.queue.push(t)
	p.gather()
	p.dispatch()
	p.mu.Unlock()
}

// recycle keeps a Task for another job. The lock is held.
func (p *Pool) recycle(t *Task) {
	t.Attempt, t.ID, t.recalled, t.cancelled, t.ended = nil, 0, false, false, false
	t.begun.Store(0)
	p.spare.push(t)
}

// dispatch hands out the queue: to workers that run too little, new ones among them, and then to those that may have
// more. The lock is held.
func (p *Pool) dispatch() {
	for p.queue.first != nil && p.gathering != underWay {
		w := p.idle.top(func(w *Worker) bool { return w.tasks.n < w.threads })
		if w == nil {
			if s := p.freeSeat(); s != nil {
				if p.queue.n > p.starting {
					p.launch(s)
					continue
				}
				return
			}
		}
		if w == nil {
			w = p.roomy.top(func(w *Worker) bool { return w.tasks.n < w.depth })
		}
		if w == nil {
			return
		}
		w.give(p.queue.pop())
	}
}

// launch starts one more worker. The lock is held.
func (p *Pool) launch(s *seat) {
	w := &Worker{Number: s.number, Host: s.host.Name, FirstSlot: s.first, pool: p, seat: s, threads: s.threads, depth: s.threads}
	s.worker = w
	p.vacant--
	s.host.present++
	w.starts = max(1, w.threads)
	p.starting += w.starts
	wait := s.host.backOff(p.spec.BackOff)
	p.left.Add(1) // until it is gone
	p.left.Go(func() { p.start(w, wait) })
}

func (p *Pool) start(w *Worker, wait time.Duration) {
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-p.ctx.Done():
		}
	}
	p.mu.Lock()
	over := p.halted || p.closed
	p.mu.Unlock()
	var c Client
	var err error
	if !over {
		c, err = p.starter.Start(w)
	}
	p.mu.Lock()
	p.starting -= w.starts
	if c == nil {
		p.mu.Unlock()
		w.Gone(err)
		p.gathered()
		return
	}
	defer p.gathered()
	defer p.mu.Unlock()
	w.client = c
	w.seat.host.full = false
	switch {
	case w.gone: // already, while it still counted as starting
		p.dispatch()
	case p.halted, p.closed:
		c.Dismiss()
	default:
		p.settle(w)
	}
}

// settle gives jobs to a worker that may have room. When the queue is empty, it relieves a worker that has too many.
// The lock is held.
func (p *Pool) settle(w *Worker) {
	if w.gone || w.client == nil {
		return
	}
	if w.seat.host.closed {
		if w.tasks.n == 0 {
			w.client.Dismiss()
		}
		p.dispatch()
		return
	}
	if w.tasks.n < w.threads {
		p.idle.push(w)
	}
	if w.tasks.n < w.depth {
		p.roomy.push(w)
	}
	p.dispatch()
	if w.tasks.n < w.threads && p.ahead > 0 && !p.spec.Free {
		p.relieve()
	}
}

// relieve takes a job back from the worker that has the most beyond those that it runs.
func (p *Pool) relieve() {
	var best *Task
	most := 0 // beyond those that it runs
	for w := range p.each {
		if w.tasks.n-w.threads <= most {
			continue
		}
		t := w.tasks.last
		for t != nil && (t.recalled || t.begun.Load() != 0) {
			t = t.before
		}
		if t != nil {
			best, most = t, w.tasks.n-w.threads
		}
	}
	if best != nil {
		best.recalled = true
		best.worker.client.Recall(best)
	}
}
