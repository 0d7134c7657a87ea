package process

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// UntilSignal returns a context that is done when this process gets a signal to end, which the cause names. SIGPIPE
// becomes an error. USR1 and USR2 are for the runner: a worker gets them when somebody signals all processes of the
// name, and they would end it.
//
// Signals that the user had ignored stay ignored, for jobs too. With remote, it was not the user: Ray ignores INT, for
// example, and that is not passed on to jobs.
func UntilSignal(remote bool) (context.Context, context.CancelFunc) {
	notify := func(to chan<- os.Signal, signals ...os.Signal) {
		for _, s := range signals {
			if remote || !signal.Ignored(s) {
				signal.Notify(to, s)
			}
		}
	}
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	notify(make(chan os.Signal, 1), unix.SIGUSR1, unix.SIGUSR2)
	ctx, cancel := context.WithCancelCause(context.Background())
	got := make(chan os.Signal, 1)
	notify(got, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT)
	go func() { // until one of the two
		select {
		case s := <-got:
			cancel(fmt.Errorf("ended by %s", unix.SignalName(s.(syscall.Signal))))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		cancel(nil)
	}
}
