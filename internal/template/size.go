package template

import "fanout/internal/job"

// shape tells what a word costs as an argument.
type shape struct {
	lit      int   // bytes of literal text
	refs     []ref // placeholders in it
	repeated bool  // it is one argument for each item
}

// load is what one program is started with.
type load struct {
	fixed  int // bytes of all that does not depend on items
	text   int // bytes of its longest argument of that kind
	growth int // bytes by which that one grows with each item
	shapes []shape
}

// size is the length of the placeholder's value for the item at a place of the
// batch. Numbers of ours are taken to be as long as they get.
func (r ref) size(it job.Item, at int) int {
	switch r.kind {
	case refItem, refField:
		return len(r.item(it))
	case refNth:
		if r.n != at+1 {
			return 0
		}
		return len(r.shape(it.String()))
	default:
		return len("9223372036854775807")
	}
}

// grow is what an item at a place of the batch adds to the one value that a job has.
func (r ref) grow(it job.Item, at int) int {
	switch {
	case r.perItem():
		return r.size(it, at) + 1
	case r.kind == refNth || at == 0:
		return r.size(it, at)
	}
	return 0
}

// loads is what the plan's programs are started with.
func (p *Plan) loads() []load {
	var out []load
	for _, s := range p.Steps {
		for _, c := range s.Pipeline {
			var l load
			for _, w := range c.Words {
				l.shapes = append(l.shapes, w.shape())
			}
			out = append(out, l)
		}
	}
	return out
}

func (w Word) shape() shape {
	s := shape{lit: len(w.lit), repeated: w.per}
	for _, p := range w.segs {
		if p.isRef {
			s.refs = append(s.refs, p.ref)
		} else {
			s.lit += len(p.lit)
		}
	}
	return s
}
