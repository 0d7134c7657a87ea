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

// budget adds items to a job while they keep within the limits. Its counts are
// exact for programs, and never too small for scripts.
type budget struct {
	limits Limits
	loads  []load
	totals []int   // of each load
	longs  [][]int // of each shape: the bytes of its argument, if it is one
	items  int
	over   bool  // the only item is too big for any job
	next   []int // scratch: totals with the item that is tried
}

func newBudget(limits Limits, loads []load) *budget {
	b := &budget{limits: limits, loads: loads, totals: make([]int, len(loads)), next: make([]int, len(loads))}
	for _, l := range loads {
		b.longs = append(b.longs, make([]int, len(l.shapes)))
	}
	return b
}

// add takes the item if the job stays within the limits, or is empty.
func (b *budget) add(it job.Item) bool {
	fits := true
	for i := range b.loads {
		total, ok := b.try(i, it)
		b.next[i] = total
		fits = fits && ok && (b.limits.Total <= 0 || total <= b.limits.Total)
	}
	if b.over || !fits && b.items > 0 {
		return false
	}
	b.over = !fits
	b.items++
	copy(b.totals, b.next)
	for i, l := range b.loads {
		for k, s := range l.shapes {
			if !s.repeated {
				b.longs[i][k] += b.grow(s, it)
			}
		}
	}
	return true
}

func (b *budget) reset() {
	b.items, b.over = 0, false
	clear(b.totals)
	for _, l := range b.longs {
		clear(l)
	}
}

// try is the total of one load with the item, and whether each argument fits.
func (b *budget) try(i int, it job.Item) (int, bool) {
	l := b.loads[i]
	total := b.totals[i] + l.growth
	if b.items == 0 {
		total += l.fixed
	}
	fits := b.argFits(l.text + (b.items+1)*l.growth)
	for k, s := range l.shapes {
		if !s.repeated {
			n := b.grow(s, it)
			if b.items == 0 {
				n += s.lit + slotBytes
			}
			total += n
			fits = fits && b.argFits(s.lit+b.longs[i][k]+n)
			continue
		}
		if len(s.refs) == 1 && s.lit == 0 && s.refs[0].spread {
			for _, v := range s.refs[0].values(nil, it) {
				total += len(v) + slotBytes
				fits = fits && b.argFits(len(v))
			}
			continue
		}
		n := s.lit
		for _, r := range s.refs {
			n += r.size(it, b.items)
		}
		total += n + slotBytes
		fits = fits && b.argFits(n)
	}
	return total, fits
}

// grow is what the item adds to an argument that is not repeated.
func (b *budget) grow(s shape, it job.Item) int {
	n := 0
	for _, r := range s.refs {
		switch {
		case r.perItem():
			n += r.size(it, b.items) + 1
		case r.kind == refNth && r.n == b.items+1 || r.kind != refNth && b.items == 0:
			n += r.size(it, b.items)
		}
	}
	return n
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

func (b *budget) argFits(n int) bool { return b.limits.Arg <= 0 || n+1 <= b.limits.Arg }

// loads are the programs that a job of the script starts: the shell with the
// script and its parameters, and then each command with its words.
func (s *script) loads() []load {
	const overhead = 64 // the path of the shell, -c and its name
	text := len(s.render(1))
	l := load{fixed: overhead + text, text: text}
	for _, r := range s.layout.fixed {
		l.shapes = append(l.shapes, shape{refs: []ref{r}})
	}
	for _, v := range s.layout.vectors {
		l.shapes = append(l.shapes, shape{refs: []ref{v.ref}, repeated: true})
	}
	if !s.layout.all && len(s.layout.vectors) > 0 {
		l.growth = len(s.render(1001))/1000 + 8*len(s.occs) // and for longer numbers
	}
	return append([]load{l}, s.calls...)
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
