// Package plan holds the Specs of all stages in one struct that does not change
// once it is made, and checks what concerns more than one of them.
package plan

import (
	"errors"
	"log/slog"
	"time"

	"fanout/internal/collect"
	"fanout/internal/execute"
	"fanout/internal/input"
	"fanout/internal/journal"
	"fanout/internal/persistent"
	"fanout/internal/process"
	"fanout/internal/progress"
	"fanout/internal/remote"
	"fanout/internal/schedule"
	"fanout/internal/template"
)

// Plan is all that a run needs to know.
type Plan struct {
	Input    input.Spec
	Template template.Spec
	Schedule schedule.Spec
	Process  process.Spec
	Execute  execute.Spec
	Collect  collect.Spec

	Remote       remote.Spec    // where jobs run
	Program      remote.Program // this fanout, for jobs that run elsewhere
	Mode         Mode
	WorkersGiven bool // how many jobs run at a time, or workers, is the user's choice

	Threads    int  // jobs at a time in each worker, in process mode
	Persistent bool // COMMAND is started once in each worker, and answers items
	Window     int  // items that such a one may have without an answer
	Protocol   persistent.Protocol
	WarmUp     time.Duration // that it may take to start

	Host    string // the name of this machine
	Records Records

	Progress progress.Spec
	Log      Log
	Journal  journal.Spec // without a Path: none

	Nice int   // added to the niceness of workers
	CPUs []int // that workers are bound to, in turn; nil: to none

	Out    string // file for standard output; "" for our own
	DryRun bool   // print what would run
	Quiet  bool   // no summary, no warnings

	NoGuardian bool // nothing watches over this process
	Guardian   int  // the process that does; 0 is none
}

// Log says which of the events of jobs are told in lines of a log.
type Log struct {
	On    bool
	Level slog.Level
	JSON  bool
}

// Records says what is kept of jobs beside their plain output, or in its place.
type Records struct {
	JSON      bool  // an object a job in place of its output
	JSONLimit int64 // bytes of each output in it; 0: all
	Results   string
	ErrorDir  string
	Folded    bool  // what a job prints as a group that GitHub Actions folds
	MaxErrors int64 // how many jobs ErrorDir keeps; 0: all
}

// Mode is where jobs run.
type Mode uint8

// The modes.
const (
	Thread  Mode = iota // in this process
	Process             // in worker processes
)

// Check reports what cannot work together.
func (p Plan) Check() error {
	if p.Persistent && (p.Template.Batch > 1 || p.Template.Filled()) {
		return errors.New("-n and --persistent exclude each other: a persistent program gets one item after the other; --window N gives it several at a time")
	}
	return p.Input.Validate()
}

// IsRemote says that jobs run on other machines.
func (p *Plan) IsRemote() bool { return p.Remote.IsRemote() }
