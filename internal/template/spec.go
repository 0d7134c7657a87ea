package template

import (
	"strings"

	"fanout/internal/hint"
	"fanout/internal/template/words"
)

// BatchMax and BatchEven are values of Spec.Batch other than a number of items. Both fill a job up to the limits of
// the system before the next job begins.
const (
	BatchMax  = -1 // the last job takes the items that are left, however few
	BatchEven = -2 // the items that are left at the end are spread over the workers
)

// Spec is the input of the template stage.
type Spec struct {
	Command    []string    // the words after the flags: one word with blanks or shell syntax is a script, else a program
	Commands   bool        // the items are the commands: each is the text of a script, and there is no Command
	Batch      int         // items a job; 0 and 1 mean one; BatchMax and BatchEven mean as many as the limits allow
	Pipe       bool        // the items go to stdin: none is appended, and no placeholder is needed
	Terminator string      // the text after each item on stdin
	Sources    int         // input sources; from 2 on, Fields[1:] of an item are the values of the sources
	Names      []string    // of the sources; nil: they have none
	Rows       *words.Rows // nil: items are not rows
	Workers    int         // BatchEven spreads the last items over this many jobs
	Limits     Limits
	Shell      string   // the name of the shell that runs a script, if it is not the default
	Programs   []string // facts about programs, in addition to what fanout knows (package flow)
}

// Form is the way to run COMMAND.
type Form uint8

// The two forms of a COMMAND.
const (
	ProgramForm Form = iota // exactly that program, with its arguments
	ScriptForm              // the text of a bash script
)

// scope returns what the placeholders may stand for.
func (s *Spec) scope() *words.Scope {
	return &words.Scope{
		Sources: s.Sources, Names: s.Names, Rows: s.Rows, Several: s.batched(), Batch: s.max(), Coded: hint.Coded(strings.Join(s.Command, " ")),
	}
}

// batched reports whether a job can have several items.
func (s *Spec) batched() bool { return s.Batch > 1 || s.Filled() }

// Filled reports whether the limits of the system decide the number of items in a job.
func (s *Spec) Filled() bool { return s.Batch == BatchMax || s.Batch == BatchEven }

// max is the greatest number of items in a job; 0: unlimited.
func (s *Spec) max() int {
	if s.Filled() {
		return 0
	}
	return max(s.Batch, 1)
}
