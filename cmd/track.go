package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fanout/internal/process"
	"fanout/internal/registry"
	"fanout/internal/run"
	"fanout/internal/text"

	"github.com/spf13/cobra"
)

const trackLong = `track looks after one command, such as a worker pool of your own: it has a guardian, a
run ID and an entry in the registry, for fanout ps and fanout cleanup. The command has
the standard files and the terminal as if it ran by itself. fanout exits with its status;
if it dies of INT, TERM, HUP or QUIT, fanout dies of the same signal.

The first signal to fanout is passed on to the command, which ends when it likes; the
second one kills it. Leftovers are killed after a signal. If the command ends by itself,
they keep running, unless --reap is given.`

func (a *app) track() *cobra.Command {
	spec := run.TrackSpec{}
	c := &cobra.Command{
		Use:   "track [flags] -- COMMAND [ARG]...",
		Short: "look after one command with a guardian",
		Long:  trackLong,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &run.UsageError{Err: errors.New("track: name the command to run, as in fanout track -- make test")}
			}
			if spec.Grace < 0 {
				return &run.UsageError{Err: fmt.Errorf("--grace %s: a time cannot be negative", spec.Grace)}
			}
			spec.Argv = args
			var err error
			if spec.RunID, err = registry.NewRunID(); err != nil {
				return err
			}
			return a.runTracked(spec)
		},
	}
	c.Flags().SetInterspersed(false)
	spec.Grace = 5 * time.Second
	c.Flags().Var((*duration)(&spec.Grace), "grace", "wait `D` after TERM before sending KILL to leftovers")
	c.Flags().BoolVar(&spec.Reap, "reap", false, "kill what the command leaves running when it ends")
	return c
}

func (a *app) runTracked(spec run.TrackSpec) error {
	if a.link != nil {
		spec.Guardian = a.link.Pid()
	}
	t, err := run.NewTracked(spec)
	if err != nil {
		return err
	}
	a.warnWeaker(t.Lacks())
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	a.io.Resort.Allow(spec.Grace, 0)
	defer context.AfterFunc(ctx, func() { a.io.Resort.Stop(context.Cause(ctx)) })()
	p := passer{to: t, cancel: cancel, resort: a.io.Resort}
	if a.link != nil {
		p.reports = a.link.Signals()
	}
	a.disobey() // as long as the command runs, signals are its own
	stop := p.start(a.signals)
	defer func() {
		stop()
		a.obey()
	}()
	end, err := t.Do(ctx, p.signaled.Load)
	if err != nil {
		return err
	}
	a.tracked = &end
	if end.Left > 0 {
		text.Line(a.io.Say, "%d left behind still run; --reap ends such", end.Left)
	}
	return nil
}

// passer passes signals on to a tracked command.
type passer struct {
	to       *run.Tracked
	cancel   context.CancelCauseFunc
	resort   *run.Resort
	reports  <-chan syscall.Signal // the guardian's, nil without one
	signaled atomic.Bool
	strikes  int
}

func (p *passer) start(got <-chan os.Signal) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { p.watch(got, done) })
	return func() {
		close(done)
		watching.Wait()
	}
}

func (p *passer) watch(got <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case s := <-got:
			if sig := s.(syscall.Signal); p.reports == nil {
				p.pass(sig, true)
			} else if sig == syscall.SIGCONT {
				p.to.Signal(sig)
			}
		case sig, ok := <-p.reports:
			if !ok { // the guardian has been killed
				p.reports = nil
				p.cancel(&SignalError{syscall.SIGTERM})
				continue
			}
			p.pass(sig, p.shared(got, sig))
		case <-done:
			return
		}
	}
}

// shared says that a signal which the guardian had came from the terminal, which
// sends it to the command too: this process has had it then, at the same time.
func (p *passer) shared(got <-chan os.Signal, sig syscall.Signal) bool {
	if sig != syscall.SIGINT && sig != syscall.SIGQUIT {
		return false
	}
	late := time.After(100 * time.Millisecond)
	for {
		select {
		case s := <-got:
			if s == sig {
				return true
			}
		case <-late:
			return false
		}
	}
}

// pass hands a signal on, unless the command has had it.
func (p *passer) pass(sig syscall.Signal, had bool) {
	if sig == syscall.SIGTSTP {
		p.to.Signal(sig)
		process.SuspendMyself()
		return
	}
	if ends(sig) && sig != syscall.SIGCONT {
		p.signaled.Store(true)
		p.strikes++
	}
	if p.strikes > 1 {
		p.to.KillNow()
		p.resort.Hurry()
		p.cancel(&SignalError{sig})
		return
	}
	if !had || sig != syscall.SIGINT && sig != syscall.SIGQUIT {
		p.to.Signal(sig)
	}
}
