package template

import "fanout/internal/job"

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
		n += r.grow(it, b.items)
	}
	return n
}

func (b *budget) argFits(n int) bool { return b.limits.Arg <= 0 || n+1 <= b.limits.Arg }
