package template

import (
	"fanout/internal/job"
	"fanout/internal/template/words"
)

// budget adds items to a job as long as the job stays within the limits. Its counts are exact for programs,
// and never too small for scripts.
type budget struct {
	limits Limits
	execs  []words.ExecSize
	totals []int   // bytes of each program
	args   [][]int // bytes of each argument that is not repeated
	items  int
	over   bool  // the only item is too big for any job
	next   []int // scratch: totals with the item that add tries
}

func newBudget(limits Limits, execs []words.ExecSize) *budget {
	b := &budget{limits: limits, execs: execs, totals: make([]int, len(execs)), next: make([]int, len(execs))}
	for _, l := range execs {
		b.args = append(b.args, make([]int, len(l.Args)))
	}
	return b
}

// add takes the item if the job stays within the limits or is empty.
func (b *budget) add(it job.Item) bool {
	fits := true
	for i := range b.execs {
		total, ok := b.total(i, it)
		b.next[i] = total
		fits = fits && ok && (b.limits.Total <= 0 || total <= b.limits.Total)
	}
	if b.over || !fits && b.items > 0 {
		return false
	}
	b.over = !fits
	b.items++
	copy(b.totals, b.next)
	for i, l := range b.execs {
		for k, s := range l.Args {
			if !s.Repeated {
				b.args[i][k] += s.Growth(it, b.items)
			}
		}
	}
	return true
}

func (b *budget) reset() {
	b.items, b.over = 0, false
	clear(b.totals)
	for _, l := range b.args {
		clear(l)
	}
}

// total returns the total of one program with the item, and whether each argument fits.
func (b *budget) total(i int, it job.Item) (int, bool) {
	l := b.execs[i]
	total := b.totals[i] + l.Growth
	if b.items == 0 {
		total += l.Fixed
	}
	fits := b.argFits(l.Script + (b.items+1)*l.Growth)
	for k, s := range l.Args {
		if !s.Repeated {
			n := s.Growth(it, b.items)
			if b.items == 0 {
				n += s.Text + slotBytes
			}
			total += n
			fits = fits && b.argFits(s.Text+b.args[i][k]+n)
			continue
		}
		if len(s.Refs) == 1 && s.Text == 0 && s.Refs[0].Spread {
			for _, v := range s.Refs[0].Values(nil, it) {
				total += len(v) + slotBytes
				fits = fits && b.argFits(len(v))
			}
			continue
		}
		n := s.Size(it, b.items)
		total += n + slotBytes
		fits = fits && b.argFits(n)
	}
	return total, fits
}

func (b *budget) argFits(n int) bool { return b.limits.Arg <= 0 || n+1 <= b.limits.Arg }
