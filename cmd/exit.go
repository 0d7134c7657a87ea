package cmd

import (
	"errors"

	"fanout/internal/execute"
	"fanout/internal/job"
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
	exitFailed        = 123
	exitDeadline      = 124 // as coreutils' timeout
	exitLost          = 125
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignal        = 128 // and the signal's number
	exitReaderGone    = 141 // as if SIGPIPE had ended us
)

// exitCode is what err, which ended the run early or kept it from beginning, or
// else the outcomes of the jobs, come to.
func exitCode(err error, summary *sink.Summary) int {
	var signal *SignalError
	var usage *run.UsageError
	var command *execute.CommandError
	var refused *worker.RefusedError
	switch {
	case errors.As(err, &signal):
		return exitSignal + int(signal.Signal)
	case errors.Is(err, sink.ErrReaderGone):
		return exitReaderGone
	case errors.Is(err, schedule.ErrDeadline):
		return exitDeadline
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &command) && command.Missing(), errors.As(err, &refused) && refused.Missing():
		return exitNotFound
	case errors.As(err, &command), errors.As(err, &refused) && refused.NotExecutable():
		return exitNotExecutable
	case err != nil:
		return exitFanout
	case summary == nil:
		return exitOK
	case summary.Lost():
		return exitLost
	}
	first, failed := summary.First()
	switch {
	case !failed:
		return exitOK
	case first.End == job.NotFound:
		return exitNotFound
	case first.End == job.NotExecutable:
		return exitNotExecutable
	default:
		return exitFailed
	}
}
