package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"fanout/internal/text"
)

// Machine is where workers run: this machine, or a host of many.
type Host struct {
	Name    string // "" is this machine
	Workers int    // how many there are at most
	Threads int    // how many jobs each runs at a time; 0: it says so when it has started
}

// hostState is a Place and what has happened there.
type hostState struct {
	Host
	present int  // how many workers there are
	deaths  int  // of workers since a job was finished
	closed  bool // no more start there
	full    bool // the system had no room for the last that was started
}

// seat is where one worker can be. Those who have it one after the other have its number,
// and, as long as they run as many jobs at a time, the same slots.
type seat struct {
	number  int
	host    *hostState
	worker  *Worker // nil: free
	threads int     // 0 while it is not known
	first   int     // number of the first slot
	counts  int     // of what can run at a time, this is here
}

// add gives the Pool a Place.
func (p *Pool) add(pl Host) {
	where := &hostState{Host: pl}
	p.hosts = append(p.hosts, where)
	for range pl.Workers {
		s := &seat{number: len(p.seats) + 1, host: where}
		p.seats = append(p.seats, s)
		p.vacant++
		p.resize(s, pl.Threads)
	}
}

// resize says how many jobs the worker of a seat runs at a time.
func (p *Pool) resize(s *seat, threads int) {
	if threads != 0 && threads != s.threads {
		s.first = p.slots + 1
		p.slots += threads
	}
	s.threads = threads
	p.count(s, max(1, threads))
}

func (p *Pool) count(s *seat, jobs int) {
	p.busy.Add(int64(jobs - s.counts))
	s.counts = jobs
}

// freeSeat is one at the open place that has the fewest workers; nil is none.
func (p *Pool) freeSeat() (best *seat) {
	if p.vacant == 0 { // mostly
		return nil
	}
	for _, s := range p.seats {
		if s.worker == nil && !s.host.closed && (best == nil || s.host.present < best.host.present) {
			best = s
		}
	}
	return best
}

// gathering says how far the Pool has come with the first start of all workers.
type gathering int

const (
	notBegun gathering = iota
	underWay           // no job is given away
	over
)

// gather starts all workers, of which any may find that nothing can be run, before the
// first job is given away.
func (p *Pool) gather() {
	if p.gathering != notBegun {
		return
	}
	if p.gathering = over; p.spec.Gather == 0 {
		return
	}
	for s := p.freeSeat(); s != nil; s = p.freeSeat() {
		p.launch(s)
	}
	p.gathering = underWay
	p.left.Go(func() {
		select {
		case <-time.After(p.spec.Gather):
			p.endGathering()
		case <-p.ctx.Done():
		}
	})
}

// gathered is called when one more has started, or has not.
func (p *Pool) gathered() {
	p.mu.Lock()
	all := p.starting == 0
	p.mu.Unlock()
	if all {
		p.endGathering()
	}
}

func (p *Pool) endGathering() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gathering == underWay {
		p.gathering = over
		p.dispatch()
	}
}

// deathsMax is how many workers of a place may die one after the other, no job being
// finished there, before it is given up.
const deathsMax = 5

// backOff is how long the place's next worker is waited for.
func (pl *hostState) backOff(base time.Duration) time.Duration {
	const whenFull = time.Second
	switch {
	case pl.full:
		return whenFull
	case pl.deaths < 2:
		return 0
	}
	return base << min(pl.deaths-2, 4)
}

// died counts the death of a worker, and gives up its place after too many, and with the
// last place the run.
func (p *Pool) died(m *Worker, why error) {
	where := m.seat.host
	if where.full = m.client == nil && isNoRoom(why); where.full && where.present > 0 {
		return // those that there are go on, and make room when they end
	}
	where.deaths++
	if m.client != nil && p.spec.Died != nil {
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
		p.giveUp(fmt.Errorf("%d workers have died in a row and no job was finished; the last, worker %d: %w", deathsMax, m.Number, why))
		return
	}
	p.close(where)
	if !slices.ContainsFunc(p.hosts, func(pl *hostState) bool { return !pl.closed }) {
		p.giveUp(fmt.Errorf("no host is left: %d workers have died in a row on each and no job was finished; the last, on %s: %w", deathsMax, text.Name(where.Name), why))
	} else if p.spec.LeftOut != nil {
		p.left.Go(func() { p.spec.LeftOut(where.Name, why) })
	}
}

// isNoRoom says that a worker could not be started because the system allows no more processes.
func isNoRoom(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM)
}

func (p *Pool) giveUp(err error) { p.left.Go(func() { p.fail(err) }) }

// close lets no more workers start at a place. Those that it has end what they run.
func (p *Pool) close(where *hostState) {
	where.closed = true
	for _, s := range p.seats {
		if s.host != where {
			continue
		}
		p.count(s, 0)
		switch m := s.worker; {
		case m == nil:
			p.vacant--
		case m.client != nil:
			m.recall()
			p.settle(m)
		}
	}
}

// Offer replaces the places: those that are not in the list are closed, and what is new
// there is added. A place that was closed is opened again as a new one, also while the old
// one still ends what it runs.
func (p *Pool) Offer(places []Host) {
	wanted := make(map[Host]bool, len(places))
	for _, pl := range places {
		wanted[pl] = true
	}
	p.mu.Lock()
	for _, where := range p.hosts {
		switch {
		case where.closed:
		case wanted[where.Host]:
			delete(wanted, where.Host) // it is there
		default:
			p.close(where)
		}
	}
	p.hosts = slices.DeleteFunc(p.hosts, func(pl *hostState) bool { return pl.closed && pl.present == 0 })
	more := len(wanted) > 0
	for _, pl := range places { // in their order
		if wanted[pl] {
			delete(wanted, pl)
			p.add(pl)
		}
	}
	if p.spec.Gather > 0 {
		p.gather()
	}
	p.dispatch()
	grown := p.grown
	p.mu.Unlock()
	if more {
		grown()
	}
}

// Slots says how many jobs the worker runs at a time, where that was not known. Who starts
// it says so before Start returns.
func (m *Worker) Slots(threads int) {
	p := m.pool
	p.mu.Lock()
	if !m.seat.host.closed {
		p.resize(m.seat, threads)
	}
	m.threads, m.depth = threads, threads
	m.FirstSlot = m.seat.first
	grown := p.grown
	p.mu.Unlock()
	grown()
}

// Threads is how many jobs the worker runs at a time.
func (m *Worker) Threads() int {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	return m.threads
}

// LeftBehind says how many processes jobs of the worker have left behind, where it is not
// this machine.
func (m *Worker) LeftBehind(n int) { m.pool.behind.Add(int64(n)) }

// LeftBehind is how many processes jobs have left behind on other machines.
func (p *Pool) LeftBehind() int { return int(p.behind.Load()) }

// Context is done when no more jobs begin.
func (m *Worker) Context() context.Context { return m.pool.ctx }

// Latency says how long the worker takes to answer.
func (m *Worker) Latency(d time.Duration) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if m.latency == 0 {
		m.latency = d
	}
	m.latency += (d - m.latency) / 4
}
