package words

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Scope says what the placeholders of one COMMAND may stand for, and records what they use.
type Scope struct {
	Sources int      // input sources; from 2 on, Fields[1:] of an item are the values of the sources
	Names   []string // of the sources; nil: they have none, "" for a source that is empty
	Rows    *Rows    // nil: items are not rows
	Several bool     // a job can have several items
	Batch   int      // the most items that a job has; 0: unknown
	Coded   bool     // COMMAND names a program whose arguments are the text of programs, such as awk

	picked  []string
	highest int          // the greatest number of a field that is used
	nth     map[int]bool // the items of a batch that {N} uses
	all     bool         // all items are used
	counts  bool         // {##} is used
	edits   []*edit
}

// Picked lists the fields that COMMAND uses, for Rows.Pick. The nth name is field n.
func (s *Scope) Picked() []string { return s.picked }

// Highest is the greatest number of a field that COMMAND uses.
func (s *Scope) Highest() int { return s.highest }

// Nth is the greatest number of a batch's item that COMMAND names; 0 if it names no number.
func (s *Scope) Nth() (most int) {
	for n := range s.nth {
		most = max(most, n, -n)
	}
	return most
}

// Counts reports whether COMMAND uses the number of jobs.
func (s *Scope) Counts() bool { return s.counts }

// use records a placeholder.
func (s *Scope) use(r Ref) {
	switch r.kind {
	case refField:
		s.highest = max(s.highest, r.n, -r.n)
		s.all = true
	case refItem:
		s.all = true
	case refTotal:
		s.counts = true
	case refNth:
		if s.nth == nil {
			s.nth = map[int]bool{}
		}
		s.nth[r.n] = true
	}
}

// Unused warns if COMMAND uses only some items of a batch.
func (s *Scope) Unused() []string {
	if !s.Several || s.all || len(s.nth) == 0 {
		return nil
	}
	var used []string
	within := 0
	for _, n := range slices.Sorted(maps.Keys(s.nth)) {
		used = append(used, fmt.Sprintf("{%d}", n))
		if n <= s.Batch && (n > 0 || !s.nth[n+s.Batch+1]) {
			within++
		}
	}
	if s.Batch > 0 && within == s.Batch {
		return nil
	}
	const text = "COMMAND uses only %s of each batch, and leaves out the other items; write {} for all items"
	return []string{fmt.Sprintf(text, strings.Join(used, ", "))}
}
