package cmd

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"fanout/internal/execute"
	"fanout/internal/input"
	"fanout/internal/job"
	"fanout/internal/persistent"
	"fanout/internal/run"
	"fanout/internal/schedule"
	"fanout/internal/sink"
	"fanout/internal/worker"
)

// The exit codes, as --help lists them.
const (
	exitOK            = 0
	exitFanout        = 1 // fanout itself failed
	exitUsage         = 2
	exitDrained       = 75 // EX_TEMPFAIL of sysexits.h: the rest can run later
	exitFailed        = 123
	exitDeadline      = 124 // as timeout of coreutils has it
	exitLost          = 125
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignal        = 128 // plus the number of the signal
	exitReaderGone    = 141 // as if SIGPIPE had ended fanout
)

// endedBy returns the signal to fanout that ended the run, or 0. fanout then dies of it, so that a script around it
// ends too.
func endedBy(err error) syscall.Signal {
	var signal *SignalError
	if errors.As(err, &signal) {
		return signal.Signal
	}
	return 0
}

// readerGone reports whether a run or a subcommand wrote to standard output when nobody read it any more.
func readerGone(err error) bool {
	var path *fs.PathError
	return errors.Is(err, sink.ErrReaderGone) || errors.As(err, &path) && path.Path == os.Stdout.Name() && path.Err == syscall.EPIPE
}

// exitCode turns err, which ended the run early or kept it from beginning, or else the outcomes of jobs into an exit
// code.
func exitCode(err error, summary *sink.Summary) int {
	var drained *run.DrainedError
	var usage *run.UsageError
	var link *input.LinkError
	var command *execute.CommandError
	var refused *worker.RefusedError
	var outOfStep *persistent.OutOfStepError
	switch {
	case endedBy(err) != 0:
		return exitSignal + int(endedBy(err))
	case readerGone(err):
		return exitReaderGone
	case errors.Is(err, schedule.ErrDeadline):
		return exitDeadline
	case errors.As(err, &drained):
		return exitDrained
	case errors.As(err, &usage), errors.As(err, &link) && link.Early:
		return exitUsage
	case errors.As(err, &command) && command.Missing(), errors.As(err, &refused) && refused.Missing():
		return exitNotFound
	case errors.As(err, &command), errors.As(err, &refused) && refused.NotExecutable():
		return exitNotExecutable
	case errors.As(err, &outOfStep) && summary != nil && summary.Lost():
		return exitLost
	case err != nil && !(cutShort(err) && summary != nil && summary.Failed() > 0):
		return exitFanout
	case summary == nil:
		return exitOK
	case summary.Lost():
		return exitLost
	}
	first, failed := summary.First()
	if !failed {
		return exitOK
	}
	return failureCode(first)
}

// failureCode turns the first failure into an exit code.
func failureCode(first job.Status) int {
	switch first.Outcome {
	case job.NotFound:
		return exitNotFound
	case job.NotExecutable:
		return exitNotExecutable
	default:
		return exitFailed
	}
}
