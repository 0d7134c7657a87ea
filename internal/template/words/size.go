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

// Size is the size of a word that is repeated for each item, for the item at a place of the batch.
func (s ArgSize) Size(it job.Item, at int) int {
	n := s.Text
	for _, r := range s.Refs {
		n += r.size(it, at)
	}
	return n
}

// Growth is the size that the item at a place of the batch adds to a word that is not repeated.
func (s ArgSize) Growth(it job.Item, at int) int {
	n := 0
	for _, r := range s.Refs {
		switch {
		case r.PerItem():
			n += r.size(it, at) + 1
		case r.kind == refNth && r.mayBe(at) || r.kind != refNth && at == 0:
			n += r.size(it, at)
		}
	}
	return n
}

// size is the length of the placeholder's value for the item at a place of the batch. fanout's own numbers
// count as the longest possible.
func (r Ref) size(it job.Item, at int) int {
	switch r.kind {
	case refItem, refField:
		return len(r.Item(it))
	case refNth:
		if !r.mayBe(at) {
			return 0
		}
		return len(r.convert(it.String()))
	default:
		return len("9223372036854775807")
	}
}

// mayBe reports whether the placeholder may name the item at a place of the batch. Each item may be the last.
func (r Ref) mayBe(at int) bool { return r.n == at+1 || r.n < 0 }

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
