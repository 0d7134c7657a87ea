package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"fanout/internal/execute"
	"fanout/internal/job"
	"fanout/internal/run"
	"fanout/internal/schedule"
	"fanout/internal/sink"
)

// outcomes returns a summary of jobs that ended so, in this order.
func outcomes(statuses ...job.Status) *sink.Summary {
	s := &sink.Summary{}
	for i, st := range statuses {
		s.Observe(&job.Event{Kind: job.Done, Job: job.Job{Index: int64(i + 1)}, Status: st})
	}
	return s
}

func TestExitCode(t *testing.T) {
	plain := errors.New("unreadable")
	ok, failed := job.Status{}, job.Status{Code: 3}
	end := func(e job.Outcome) job.Status { return job.Status{Outcome: e} }
	signal := func(s syscall.Signal) error { return fmt.Errorf("run: %w", &SignalError{s}) }
	command := func(err error) error { return fmt.Errorf("run: %w", &execute.CommandError{Name: "x", Err: err}) }
	deadline := fmt.Errorf("%w, after 10s", schedule.ErrDeadline)
	for _, tt := range []struct {
		err     error
		summary *sink.Summary
		want    int
	}{
		{nil, nil, 0},
		{nil, outcomes(), 0},
		{nil, outcomes(ok, ok), 0},
		{nil, outcomes(ok, end(job.Stopped)), 0},
		{plain, nil, 1},
		{plain, outcomes(ok), 1},
		{plain, outcomes(failed), 1},
		{plain, outcomes(end(job.Lost)), 1},
		{&run.UsageError{Err: plain}, nil, 2},
		{fmt.Errorf("x: %w", &run.UsageError{Err: plain}), nil, 2},
		{nil, outcomes(failed), 123},
		{nil, outcomes(ok, failed, ok), 123},
		{nil, outcomes(job.Status{Code: 127}), 123},
		{nil, outcomes(end(job.Signaled)), 123},
		{nil, outcomes(end(job.TimedOut)), 123},
		{nil, outcomes(end(job.NotStarted)), 123},
		{nil, outcomes(end(job.Stopped), failed), 123},
		{nil, outcomes(failed, end(job.NotFound)), 123}, // the first failure counts
		{deadline, outcomes(ok), 124},
		{deadline, outcomes(failed, end(job.Lost)), 124},
		{errors.Join(deadline, sink.ErrStopped), outcomes(), 124},
		{errors.Join(deadline, signal(syscall.SIGINT)), outcomes(), 130},
		{nil, outcomes(failed, end(job.Lost)), 125},
		{nil, outcomes(end(job.Lost)), 125},
		{nil, outcomes(end(job.NotExecutable)), 126},
		{nil, outcomes(ok, end(job.NotExecutable), failed), 126},
		{command(fs.ErrPermission), nil, 126},
		{nil, outcomes(end(job.NotFound)), 127},
		{nil, outcomes(end(job.Stopped), end(job.NotFound), failed), 127},
		{command(fs.ErrNotExist), nil, 127},
		{signal(syscall.SIGHUP), outcomes(failed), 129},
		{signal(syscall.SIGINT), outcomes(ok), 130},
		{signal(syscall.SIGINT), outcomes(end(job.Lost)), 130},
		{signal(syscall.SIGQUIT), outcomes(failed), 131},
		{signal(syscall.SIGTERM), nil, 143},
		{errors.Join(signal(syscall.SIGTERM), sink.ErrStopped), outcomes(), 143},
		{errors.Join(signal(syscall.SIGINT), plain), outcomes(), 130},
		{fmt.Errorf("writing: %w", sink.ErrReaderGone), outcomes(ok), 141},
		{errors.Join(sink.ErrReaderGone, plain), outcomes(failed), 141},
	} {
		if got := exitCode(tt.err, tt.summary); got != tt.want {
			t.Errorf("%v, %+v: %d, want %d", tt.err, tt.summary, got, tt.want)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("reading x: broken"), true},
		{&SignalError{syscall.SIGINT}, false},
		{fmt.Errorf("writing standard output: %w", sink.ErrReaderGone), false},
		{&run.UsageError{Err: errors.New("no")}, true},
	} {
		if got := worthTelling(tt.err); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
}
