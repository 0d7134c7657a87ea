package cmd

import (
	"context"
	"errors"
	"syscall"
	"time"

	"fanout/internal/job"
	"fanout/internal/schedule"
	"fanout/internal/sink"
)

// ending is how this process ends.
type ending struct {
	code   int
	diesOf syscall.Signal // the signal that ended the run or the tracked command; 0: none
}

// obey has signals end what is done, from the beginning of the process to its end: whatever
// it waits for, and however it came to that. disobey undoes it.
func (a *app) obey() {
	l, ctx := newListener(context.Background(), a.signals, a.link)
	stop := l.start(&runSignals{listener: l, run: a.current})
	unhook := context.AfterFunc(ctx, func() { a.stopped(context.Cause(ctx)) })
	a.ctx = ctx
	a.disobey = func() {
		unhook()
		stop()
	}
}

// stopped is called when a signal is to end what is done. Before there is a run nothing has to
// be brought to its end.
func (a *app) stopped(cause error) {
	if !a.begun.Load() {
		a.giveUp(cause)
		return
	}
	a.io.Say.Stop()
	a.io.Resort.Stop(cause)
}

// giveUp ends this process, whatever it waits for, as the cause says.
func (a *app) giveUp(cause error) {
	told := make(chan struct{})
	go func() { // which may be what is waited for
		defer close(told)
		a.messages.fail(cause)
		a.io.Say.Stop()
		a.io.Say.Close()
	}()
	const most = 500 * time.Millisecond
	select {
	case <-told:
	case <-time.After(most):
	}
	end := ending{exitCode(cause, nil), endedBy(cause)}
	if errors.Is(cause, schedule.ErrFailures) {
		end.code = a.current.failureCode()
	}
	select {
	case a.ended <- end:
	default: // it has come to its end by itself
	}
}

// failureCode is the exit code of a run that was stopped for its failures.
func (l *lateRun) failureCode() int {
	first := job.Status{Code: 1}
	if r := l.run.Load(); r != nil && r.FirstFailure() != nil {
		first = *r.FirstFailure()
	}
	if first.Outcome == job.Lost {
		return exitLost
	}
	return failureCode(first)
}

// cutShort says that a run came to its end, but for output that nobody took.
func cutShort(err error) bool { return errors.Is(err, sink.ErrStopped) }
