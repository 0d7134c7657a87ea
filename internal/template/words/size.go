package words

import "fanout/internal/job"

// convert tells what a word costs as an argument.
type ArgSize struct {
	Text     int   // bytes of literal text
	Refs     []Ref // placeholders in it
	Repeated bool  // it is one argument for each item
}

// ExecSize is what one program is started with.
type ExecSize struct {
	Fixed  int // bytes of all that does not depend on items
	Script int // bytes of its longest argument of that kind
	Growth int // bytes by which that one grows with each item
	Args   []ArgSize
}

// Size is the length of the placeholder's value for the item at a place of the
// batch. Numbers of ours are taken to be as long as they get.
func (r Ref) Size(it job.Item, at int) int {
	switch r.kind {
	case refItem, refField:
		return len(r.Item(it))
	case refNth:
		if r.n != at+1 {
			return 0
		}
		return len(r.convert(it.String()))
	default:
		return len("9223372036854775807")
	}
}

// Grow is what an item at a place of the batch adds to the one value that a job has.
func (r Ref) Grow(it job.Item, at int) int {
	switch {
	case r.PerItem():
		return r.Size(it, at) + 1
	case r.kind == refNth || at == 0:
		return r.Size(it, at)
	}
	return 0
}

// Sizes is what the plan's programs are started with.
func (p *Plan) Sizes() []ExecSize {
	var out []ExecSize
	for _, s := range p.Steps {
		for _, c := range s.Pipeline {
			var l ExecSize
			for _, w := range c.Words {
				l.Args = append(l.Args, w.size())
			}
			out = append(out, l)
		}
	}
	return out
}

func (w Word) size() ArgSize {
	s := ArgSize{Text: len(w.lit), Repeated: w.per}
	for _, p := range w.segs {
		if p.IsRef {
			s.Refs = append(s.Refs, p.Ref)
		} else {
			s.Text += len(p.Text)
		}
	}
	return s
}
