package pool

import (
	"slices"
)

// close lets no more workers start on a host. Those that it has finish what they run. The lock is held.
func (p *Pool) close(where *hostState) {
	where.closed = true
	for _, s := range p.seats {
		if s.host != where {
			continue
		}
		p.count(s, 0)
		switch w := s.worker; {
		case w == nil:
			p.vacant--
		case w.client != nil:
			w.recall()
			p.settle(w)
		}
	}
}

// Offer replaces the hosts: it closes those that are not in the list, and adds new ones. A host that was closed opens
// again as a new one, even while the old one finishes what it runs.
func (p *Pool) Offer(hosts []Host) {
	wanted := make(map[Host]bool, len(hosts))
	for _, h := range hosts {
		wanted[h] = true
	}
	p.mu.Lock()
	for _, where := range p.hosts {
		switch {
		case where.closed:
		case wanted[where.Host]:
			delete(wanted, where.Host) // it is there already
		default:
			p.close(where)
		}
	}
	p.hosts = slices.DeleteFunc(p.hosts, func(h *hostState) bool { return h.closed && h.present == 0 })
	more := len(wanted) > 0
	for _, h := range hosts { // in their order
		if wanted[h] {
			delete(wanted, h)
			p.add(h)
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
