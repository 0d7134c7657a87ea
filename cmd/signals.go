package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"fanout/internal/guardian"
	"fanout/internal/run"
)

// SignalError is the end of a run by a signal to fanout.
type SignalError struct{ Signal syscall.Signal }

func (e *SignalError) Error() string { return fmt.Sprintf("stopped by %s", e.Signal) }

// obeyer is a run that signals tell what to do.
type obeyer interface {
	KillNow()       // ends the grace of jobs that are being stopped
	Drain() bool    // lets running jobs end and starts no more; false when nothing runs yet
	Suspend()       // stops all processes of jobs, and their clocks
	Resume()        // has them go on
	TellRunning()   // says on standard error what runs
	SuspendMyself() // stops this process until it is told to go on
}

// signals has a run obey the signals that fanout gets.
type signals struct {
	run    obeyer
	cancel context.CancelCauseFunc
	// strikes counts the signals that end the run: the second ends the grace.
	strikes int
	// reports is the guardian's account of the signals that it had, nil without one.
	// The terminal sends its signals to both, so that the runner's own can only be
	// counted when there is no guardian.
	reports <-chan syscall.Signal
	drains  int // the signals that drain the run: the second stops it
}

// obeySignals returns a context that the first INT, TERM, HUP or QUIT cancels, with
// a SignalError as its cause. The function ends that; who goes on reads the signals.
//
// A signal that is ignored from the start, as under nohup, stays ignored. SIGPIPE
// becomes the error EPIPE, so that jobs can be stopped before fanout ends.
func obeySignals(ctx context.Context, run obeyer, got <-chan os.Signal, link *guardian.Link) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &signals{run: run, cancel: cancel}
	if link != nil {
		s.reports = link.Signals()
	}
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(got, done) })
	return ctx, func() {
		close(done)
		watching.Wait()
		cancel(nil)
	}
}

// notify has the signals that are not ignored sent to a channel, for as long as this process lives: the Go
// runtime takes 30 µs a signal to begin that, and as long to end it.
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

func (s *signals) watch(got <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case sig := <-got:
			s.own(sig.(syscall.Signal))
		case sig, ok := <-s.reports:
			if !ok { // the guardian has been killed
				s.reports = nil
				s.cancel(&SignalError{syscall.SIGTERM})
				continue
			}
			s.count(sig)
		case <-done:
			return
		}
	}
}

// own obeys a signal that this process had.
func (s *signals) own(sig syscall.Signal) {
	switch {
	case sig == syscall.SIGCONT:
		s.run.Resume()
	case s.reports == nil:
		s.count(sig)
	case ends(sig):
		s.cancel(&SignalError{sig})
	}
}

// count obeys a signal that is known not to be another's shadow.
func (s *signals) count(sig syscall.Signal) {
	switch sig {
	case syscall.SIGTSTP:
		s.run.Suspend()
		s.run.SuspendMyself()
	case syscall.SIGUSR1:
		s.run.TellRunning()
	case syscall.SIGUSR2:
		s.drain()
	default:
		s.strike(sig)
	}
}

// strike ends the run.
func (s *signals) strike(sig syscall.Signal) {
	s.strikes++
	s.cancel(&SignalError{sig})
	if s.strikes > 1 {
		s.run.KillNow()
	}
}

// drain lets the run end in peace at first, and then as TERM does.
func (s *signals) drain() {
	s.drains++
	if s.drains > 1 {
		s.strike(syscall.SIGTERM)
	} else if !s.run.Drain() {
		s.cancel(run.Undone())
	}
}

// ends says that the signal ends a run.
func ends(sig syscall.Signal) bool {
	return sig != syscall.SIGTSTP && sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2
}

// jobControl is the signals that do not end a run.
func jobControl() []os.Signal {
	return []os.Signal{syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGUSR1, syscall.SIGUSR2}
}
