package template

import "fanout/internal/template/words"

// Values of Spec.Batch other than a number of items. Both fill a job up to the limits of the
// system before the next begins.
const (
	BatchMax  = -1 // so does the last one, however few items are left
	BatchEven = -2 // what is left at the end is spread over the workers
)

// Spec is what the template stage is given.
type Spec struct {
	Command    []string    // the words after the flags: one word with blanks or shell syntax is a script, else a program
	Batch      int         // items a job; 0 or 1: one; BatchMax, BatchEven: as many as the limits allow
	Pipe       bool        // the items go to stdin: none is appended, and no placeholder is needed
	Terminator string      // what follows each item on stdin
	Sources    int         // input sources; from 2 on, Fields[1:] of an item hold one value a source
	Rows       *words.Rows // nil: items are no rows
	Workers    int         // BatchEven spreads the last items over this many jobs
	Limits     Limits
}

// Form tells how COMMAND is run.
type Form uint8

// The two forms of a COMMAND.
const (
	ProgramForm Form = iota // exactly that program, with its arguments
	ScriptForm              // the text of a bash script
)

// scope is what placeholders may stand for.
func (s *Spec) scope() *words.Scope {
	return &words.Scope{Sources: s.Sources, Rows: s.Rows, Several: s.batched(), Batch: s.max()}
}

// batched tells whether a job can have several items.
func (s *Spec) batched() bool { return s.Batch > 1 || s.Filled() }

// Filled tells whether it is the limits that say how many items a job has.
func (s *Spec) Filled() bool { return s.Batch == BatchMax || s.Batch == BatchEven }

// max is the greatest number of items a job can have; 0: no bound.
func (s *Spec) max() int {
	if s.Filled() {
		return 0
	}
	return max(s.Batch, 1)
}
