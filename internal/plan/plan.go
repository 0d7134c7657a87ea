// Package plan holds the Specs of all stages in one [Plan], which never changes: [Resolve] is a pure function from what
// the user asks for, and the [Facts] that become known while a run is prepared, to the plan that the stages get.
// [Plan.Check] refuses what cannot work together.
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

// Plan is all that a run needs to know: the Specs of its stages, and what concerns more than one of them.
type Plan struct {
	Input    input.Spec
	Template template.Spec
	Schedule schedule.Spec
	Process  process.Spec
	Execute  execute.Spec
	Collect  collect.Spec

	Remote       remote.Spec    // the other machines that jobs run on
	Program      remote.Program // this fanout, for them
	Mode         Mode
	WorkersGiven bool // the user has chosen how many jobs or workers run at a time

	Threads    int  // jobs at a time in each worker, in process mode
	Persistent bool // each worker is a COMMAND that is started once and answers items
	Window     int  // how many items it may have without an answer
	Protocol   persistent.Protocol
	WarmUp     time.Duration // how long it may take to start before the time of jobs counts

	Host    string // the name of this machine
	Records Records

	Progress progress.Spec
	Log      Log
	Journal  journal.Spec // without a Path: none

	Nice int   // added to the niceness of workers
	CPUs []int // to which workers are bound, in turn; nil: to none

	Out    string // file for standard output; "": fanout's own
	DryRun bool   // print what would run
	Quiet  bool   // no summary, no warnings

	NoGuardian bool // the run has no guardian
	Guardian   int  // the guardian's pid; 0: there is none
}

// Log says which events of jobs the log has.
type Log struct {
	On    bool
	Level slog.Level
	JSON  bool
}

// Records says what a run keeps of jobs besides their plain output, or instead of it.
type Records struct {
	JSON      bool  // a job's output becomes a JSON object
	JSONLimit int64 // bytes of each output in the object; 0: all
	Results   string
	ErrorDir  string
	Folded    bool  // a job's output becomes a group that GitHub Actions folds
	MaxErrors int64 // how many failed jobs ErrorDir keeps; 0: all
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
		return errors.New("-n and --persistent exclude each other: a persistent program gets its items one by one; --window N gives it several at a time")
	}
	if p.Template.Commands {
		if err := p.checkCommands(); err != nil {
			return err
		}
	}
	return p.Input.Validate()
}

// checkCommands is the part of Check for items that are commands.
func (p *Plan) checkCommands() error {
	switch {
	case p.Template.Batch > 1, p.Template.Filled():
		return errors.New("-n and --commands exclude each other: each command is a job of its own")
	case len(p.Input.Sources) > 1:
		return errors.New("--commands takes one source of commands: join files by cat, as in cat FILE... | fanout --commands")
	}
	return nil
}

// IsRemote reports whether jobs run on other machines.
func (p *Plan) IsRemote() bool { return p.Remote.IsRemote() }
