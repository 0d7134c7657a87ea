package pool

import (
	"time"

	"fanout/internal/job"
)

// Running returns the jobs that run now, by worker.
func (p *Pool) Running() (all []job.Running) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.each {
		for t := w.tasks.first; t != nil; t = t.after {
			if t.begun.Load() != 0 {
				all = append(all, job.Running{Job: t.Attempt.Job, Worker: w.Number, Host: w.Machine, For: time.Since(time.Unix(0, t.begun.Load()))})
			}
		}
	}
	return all
}

// Counts returns how many jobs run now, and how many no worker has yet.
func (p *Pool) Counts() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.each {
		for t := w.tasks.first; t != nil; t = t.after {
			if t.begun.Load() != 0 {
				running++
			}
		}
	}
	return running, p.queue.n
}

// Leftovers returns how many leftovers jobs have on other machines.
func (p *Pool) Leftovers() int { return int(p.leftovers.Load()) }
