package cmd

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"time"

	"fanout/internal/process"
	"fanout/internal/registry"
	"fanout/internal/run"

	"github.com/spf13/cobra"
)

const trackLong = `track looks after one command, such as a worker pool of your own: it has a guardian, a
run ID and an entry in the registry, for fanout ps and fanout cleanup. The command has
the standard files and the terminal as if it ran by itself. fanout exits with its status;
if it dies of INT, TERM, HUP or QUIT, fanout dies of the same signal.

The first signal to fanout is passed on to the command, which ends when it likes; the
second one kills it. Leftovers are ended after a signal. If the command ends by itself,
they keep running, unless --reap is given.`

func (a *app) track() *cobra.Command {
	spec := run.TrackSpec{}
	c := &cobra.Command{
		Use:   "track [flags] [--] COMMAND [ARG]...",
		Short: "look after one command with a guardian",
		Long:  trackLong,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &run.UsageError{Err: errors.New("track: name the command to run, as in fanout track -- make test")}
			}
			if err := notNegative(c.Flags(), "grace", duration(spec.Grace)); err != nil {
				return &run.UsageError{Err: err}
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
	c.Flags().BoolVar(&spec.Reap, "reap", false, "end what the command leaves running when it ends")
	return c
}

func (a *app) runTracked(spec run.TrackSpec) error {
	if a.link != nil {
		spec.Guardian = a.link.Pid()
	}
	spec.Warn = func(what string) { a.messages.warn(what) }
	t, err := run.NewTracked(spec)
	if err != nil {
		return err
	}
	a.warnLacks(t.Lacks())
	l, ctx := newListener(context.Background(), a.signals, a.link)
	a.io.Resort.Allow(spec.Grace, 0)
	unhook := context.AfterFunc(ctx, func() { a.io.Resort.Stop(context.Cause(ctx)) })
	p := trackSignals{listener: l, to: t, resort: a.io.Resort}
	a.disobey() // while the command runs, signals are for it
	stop := l.start(&p)
	defer func() {
		unhook() // before the listener's end ends its context
		stop()
		a.obey()
	}()
	end, err := t.Do(ctx, p.signaled.Load)
	if err != nil {
		return err
	}
	a.tracked = &end
	switch {
	case end.Left == 1:
		a.messages.say("1 process started by the command is still running; use --reap to end it")
	case end.Left > 1:
		a.messages.say("%d processes started by the command are still running; use --reap to end them", end.Left)
	}
	return nil
}

// trackSignals is the receiver that passes signals on to a tracked command.
type trackSignals struct {
	*listener
	to       *run.Tracked
	resort   *run.Resort
	signaled atomic.Bool
}

func (p *trackSignals) own(sig syscall.Signal, alone bool) {
	if alone {
		p.pass(sig, true)
	} else if sig == syscall.SIGCONT {
		p.to.Signal(sig)
	}
}

func (p *trackSignals) reported(sig syscall.Signal) { p.pass(sig, p.shared(sig)) }

// shared reports whether a signal to the guardian came from the terminal, which sends it to the command too: then this
// process gets it at the same time.
func (p *trackSignals) shared(sig syscall.Signal) bool {
	if sig != syscall.SIGINT && sig != syscall.SIGQUIT {
		return false
	}
	late := time.After(100 * time.Millisecond)
	for {
		select {
		case s := <-p.got:
			if s == sig {
				return true
			}
		case <-late:
			return false
		}
	}
}

// pass passes a signal on, unless the command has had it.
func (p *trackSignals) pass(sig syscall.Signal, had bool) {
	if sig == syscall.SIGTSTP {
		p.to.Signal(sig)
		process.SuspendMyself()
		return
	}
	if stops(sig) && sig != syscall.SIGCONT {
		p.signaled.Store(true)
		if !p.stop() {
			p.to.KillNow()
			p.resort.Hurry()
			p.cancel(&SignalError{sig})
			return
		}
	}
	if !had || sig != syscall.SIGINT && sig != syscall.SIGQUIT {
		p.to.Signal(sig)
	}
}
