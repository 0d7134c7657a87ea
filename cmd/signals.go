package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// SignalError is the end of a run by a signal to fanout.
type SignalError struct{ Signal syscall.Signal }

func (e *SignalError) Error() string { return fmt.Sprintf("stopped by %s", e.Signal) }

// stopOnSignals returns a context that the first INT, TERM, HUP or QUIT cancels, with a
// SignalError as its cause. A second one calls again. The function undoes it.
//
// A signal that is ignored from the start, as under nohup, stays ignored. SIGPIPE
// becomes the error EPIPE, so that jobs can be stopped before fanout ends.
func stopOnSignals(ctx context.Context, again func()) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	got := make(chan os.Signal, 2)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(got, s)
		}
	}
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for first := true; ; first = false {
			select {
			case s := <-got:
				if first {
					cancel(&SignalError{s.(syscall.Signal)})
				} else {
					again()
				}
			case <-done:
				return
			}
		}
	})
	return ctx, func() {
		signal.Stop(got)
		close(done)
		watching.Wait()
		cancel(nil)
	}
}
