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
	diesOf syscall.Signal // the signal that stopped the run or ended the tracked command; 0: none
}

// obey lets signals stop fanout, whatever it waits for. It holds from the first flag to the last word of the summary;
// disobey ends it.
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

// stopped acts on a signal that stops fanout. Before there is a run, nothing needs an orderly end.
func (a *app) stopped(cause error) {
	if !a.begun.Load() {
		a.giveUp(cause)
		return
	}
	a.io.Say.Stop()
	a.io.Resort.Stop(cause)
}

// giveUp ends this process because of cause, whatever it waits for.
func (a *app) giveUp(cause error) {
	told := make(chan struct{})
	go func() { // writing may be what hangs
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
	default: // main has ended by itself
	}
}

// failureCode returns the exit code of a run that a stop rule ended.
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

// cutShort reports whether a run ended by itself, except that nobody read its output.
func cutShort(err error) bool { return errors.Is(err, sink.ErrStopped) }
