package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"fanout/internal/guardian"
)

// SignalError reports that a signal to fanout ended the run.
type SignalError struct{ Signal syscall.Signal }

func (e *SignalError) Error() string { return fmt.Sprintf("stopped by %s", e.Signal) }

// receiver does what signals to fanout ask for.
type receiver interface {
	// own obeys a signal that this process got. The terminal sends its signals to the guardian too, which reports
	// them: unless alone is true, the same signal is still to come by reported.
	own(sig syscall.Signal, alone bool)
	// reported obeys a signal that the guardian got.
	reported(sig syscall.Signal)
}

// listener is the loop that reads the signals to this process and the guardian's reports of its own, and hands them to
// a receiver. Its context ends with the first signal that stops fanout, with a [SignalError] as the cause, and when the
// guardian is killed.
type listener struct {
	got     <-chan os.Signal
	reports <-chan syscall.Signal // nil without a guardian
	cancel  context.CancelCauseFunc
	stops   int // signals that stop fanout, so far: the second ends the grace
}

// newListener returns a listener with its context.
func newListener(ctx context.Context, got <-chan os.Signal, link *guardian.Link) (*listener, context.Context) {
	l := &listener{got: got}
	ctx, l.cancel = context.WithCancelCause(ctx)
	if link != nil {
		l.reports = link.Signals()
	}
	return l, ctx
}

// start begins to listen. The function that it returns ends that; signals are then read by whoever comes next.
func (l *listener) start(to receiver) (stop func()) {
	done := make(chan struct{})
	var listening sync.WaitGroup
	listening.Go(func() { l.listen(to, done) })
	return func() {
		close(done)
		listening.Wait()
		l.cancel(nil)
	}
}

func (l *listener) listen(to receiver, done <-chan struct{}) {
	for {
		select {
		case sig := <-l.got:
			to.own(sig.(syscall.Signal), l.reports == nil)
		case sig, ok := <-l.reports:
			if !ok { // the guardian has been killed
				l.reports = nil
				l.cancel(&SignalError{syscall.SIGTERM})
				continue
			}
			to.reported(sig)
		case <-done:
			return
		}
	}
}

// stop counts a signal that stops fanout, and reports whether it is the first.
func (l *listener) stop() (first bool) {
	l.stops++
	return l.stops == 1
}

// notify returns a channel with the signals that are not ignored, for as long as this process lives: the Go runtime
// takes 30 µs for each signal to begin that, and as long to end it.
//
// A signal that is ignored from the start, as under nohup, stays ignored. SIGPIPE becomes the error EPIPE, so that jobs
// can be stopped before fanout ends.
func notify() chan os.Signal {
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	got := make(chan os.Signal, 8)
	for _, s := range append([]os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}, jobControl()...) {
		if !signal.Ignored(s) {
			signal.Notify(got, s)
		}
	}
	return got
}

// jobControl lists the signals that do not stop fanout.
func jobControl() []os.Signal {
	return []os.Signal{syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGUSR1, syscall.SIGUSR2}
}

// stops reports whether a signal stops fanout. SIGCONT never comes from the guardian.
func stops(sig syscall.Signal) bool {
	return sig != syscall.SIGTSTP && sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2
}
