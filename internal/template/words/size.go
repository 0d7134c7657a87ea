package words

import "fanout/internal/job"

// ArgSize is the size of one word among the arguments of a program.
type ArgSize struct {
	Text     int   // bytes of literal text
	Refs     []Ref // the placeholders in the word
	Repeated bool  // the word is one argument for each item
}

// ExecSize is the size of all that one program is started with.
type ExecSize struct {
	Fixed  int // bytes that do not depend on items
	Script int // bytes of the script, the longest argument among them
	Growth int // bytes by which the script grows with each item
	Args   []ArgSize
}

// Size is the length of the placeholder's value for the item at a place of the batch. fanout's own numbers
// count as the longest possible.
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

// Grow is the length that the item at a place of the batch adds to the value of the whole job.
func (r Ref) Grow(it job.Item, at int) int {
	switch {
	case r.PerItem():
		return r.Size(it, at) + 1
	case r.kind == refNth || at == 0:
		return r.Size(it, at)
	}
	return 0
}

// Sizes lists the sizes of the plan's programs.
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

// size returns the size of the word as an argument.
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
