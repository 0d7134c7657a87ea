package pool

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"fanout/internal/text"
)

// Host is a machine that has workers.
type Host struct {
	Name    string // "" is this machine
	Workers int    // at most
	Threads int    // how many jobs each worker runs at a time; 0: it says so when it has started
}

// hostState is a Host and what has happened there.
type hostState struct {
	Host
	present int  // how many workers it has
	deaths  int  // how many workers have died since a job was finished
	closed  bool // no more workers start there
	full    bool // the system had no room for the last worker
}

// seat is a group of slots on a host that one worker has at a time. Workers that have it one after the other share its
// number and, as long as they run the same number of jobs at a time, its slots.
type seat struct {
	number  int
	host    *hostState
	worker  *Worker // nil: the seat is free
	threads int     // how many slots; 0: not known yet
	first   int     // number of its first slot
	counts  int     // its part of Pool.busy
}

// add adds a host. The lock is held.
func (p *Pool) add(h Host) {
	where := &hostState{Host: h}
	p.hosts = append(p.hosts, where)
	for range h.Workers {
		s := &seat{number: len(p.seats) + 1, host: where}
		p.seats = append(p.seats, s)
		p.vacant++
		p.resize(s, h.Threads)
	}
}

// resize sets how many jobs the worker of a seat runs at a time. The lock is held.
func (p *Pool) resize(s *seat, threads int) {
	if threads != 0 && threads != s.threads {
		s.first = p.slots + 1
		p.slots += threads
	}
	s.threads = threads
	p.count(s, max(1, threads))
}

// count sets a seat's part of the jobs that can run at a time.
func (p *Pool) count(s *seat, jobs int) {
	p.busy.Add(int64(jobs - s.counts))
	s.counts = jobs
}

// freeSeat returns a free seat on the open host with the fewest workers; nil: there is none.
func (p *Pool) freeSeat() (best *seat) {
	if p.vacant == 0 { // as mostly
		return nil
	}
	for _, s := range p.seats {
		if s.worker == nil && !s.host.closed && (best == nil || s.host.present < best.host.present) {
			best = s
		}
	}
	return best
}

// deathsMax is how many workers of a host may die in a row, without a job finished there, before it is given up.
const deathsMax = 5

// backOff returns how long to wait before the host's next worker.
func (h *hostState) backOff(base time.Duration) time.Duration {
	const whenFull = time.Second
	switch {
	case h.full:
		return whenFull
	case h.deaths < 2:
		return 0
	}
	return base << min(h.deaths-2, 4)
}

// died counts the death of a worker. It gives up the host after too many, and the run with the last host.
func (p *Pool) died(w *Worker, why error) {
	where := w.seat.host
	if where.full = w.client == nil && isNoRoom(why); where.full && where.present > 0 {
		return // the workers that are there go on, and make room when they end
	}
	where.deaths++
	if w.client != nil && p.spec.Died != nil {
		p.spec.Died(where.Name)
	}
	var hopeless *HopelessError
	switch {
	case errors.As(why, &hopeless):
		p.giveUp(hopeless)
		return
	case where.deaths != deathsMax:
		return
	case len(p.hosts) == 1:
		p.giveUp(fmt.Errorf("%d workers have died in a row without finishing a job; the last, worker %d: %w", deathsMax, w.Number, why))
		return
	}
	p.close(where)
	if !slices.ContainsFunc(p.hosts, func(h *hostState) bool { return !h.closed }) {
		p.giveUp(fmt.Errorf("no host is left: %d workers have died in a row on each without finishing a job; the last, on %s: %w", deathsMax, text.Name(where.Name), why))
	} else if p.spec.LeftOut != nil {
		p.left.Go(func() { p.spec.LeftOut(where.Name, why) })
	}
}

// isNoRoom reports whether a worker could not be started because the system allows no more processes.
func isNoRoom(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM)
}

func (p *Pool) giveUp(err error) { p.left.Go(func() { p.fail(err) }) }
