package words

import "fmt"

// Scope is what the placeholders of one COMMAND may stand for, and records which of it they use.
type Scope struct {
	Sources int   // input sources; from 2 on, Fields[1:] of an item hold one value a source
	Rows    *Rows // nil: items are no rows
	Several bool  // a job can have several items
	Batch   int   // the most items that a job has; 0: that is not known

	picked  []string
	highest int
	nth     map[int]bool // the items of a batch that are used by their numbers
	all     bool         // all items are used
}

// Picked lists the fields that COMMAND uses, for Rows.Pick. The nth is field n.
func (s *Scope) Picked() []string { return s.picked }

// Highest is the greatest number of a field that COMMAND uses.
func (s *Scope) Highest() int { return s.highest }

// Nth is the greatest number of an item that COMMAND names; 0 if it names none.
func (s *Scope) Nth() (most int) {
	for n := range s.nth {
		most = max(most, n)
	}
	return most
}

// use records a placeholder.
func (s *Scope) use(r Ref) {
	switch r.kind {
	case refField:
		s.highest = max(s.highest, r.n)
		s.all = true
	case refItem:
		s.all = true
	case refNth:
		if s.nth == nil {
			s.nth = map[int]bool{}
		}
		s.nth[r.n] = true
	}
}

// Unused warns of a batch of which COMMAND does not use all items.
func (s *Scope) Unused() []string {
	if !s.Several || s.all || len(s.nth) == 0 {
		return nil
	}
	if s.Batch == 0 {
		return []string{"COMMAND names only some items of a batch, and leaves the others out: {} is all"}
	}
	for n := 1; n <= s.Batch; n++ {
		if !s.nth[n] {
			return []string{fmt.Sprintf("{%d} is not in COMMAND: that item of each batch of %d is left out; {} is all", n, s.Batch)}
		}
	}
	return nil
}
