package pool

import (
	"time"
)

// gathering is a phase of the first start of all workers.
type gathering int

const (
	notBegun gathering = iota
	underWay           // no job is handed out
	over
)

// gather starts all workers before the first job is handed out: any of them may find that COMMAND cannot be run there.
// The lock is held.
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

// gathered is called when one more worker has started, or could not.
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
