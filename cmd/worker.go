package cmd

import (
	"errors"
	"fmt"
	"os"

	"fanout/internal/run"
	"fanout/internal/text"
	"fanout/internal/worker"

	"github.com/spf13/cobra"
)

// workerCommand is the argument with which fanout starts itself as a worker.
const workerCommand = "worker"

// serve is a worker process. It needs no guardian: it ends when its runner does. Main's goroutine keeps the first
// thread free, as in the runner.
func serve(stdin, stdout, stderr *os.File) int {
	ended := make(chan error)
	go func() { ended <- worker.Main(built(), stdin, stdout, stderr, nil) }()
	return workerCode(<-ended, stderr)
}

// workerCode returns the exit code of a worker, and writes why it has ended if the runner does not.
func workerCode(err error, stderr *os.File) int {
	var refused *worker.RefusedError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, worker.ErrRunnerGone), errors.As(err, &refused):
	default:
		fmt.Fprintf(stderr, "fanout worker: %s\n", text.Error(err))
	}
	return exitFanout
}

// worker is the subcommand fanout worker as users see it: it refuses all arguments.
func (a *app) worker() *cobra.Command {
	return &cobra.Command{
		Use:    workerCommand,
		Short:  "run jobs that another fanout sends",
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			return &run.UsageError{Err: errors.New("worker: fanout starts it by itself, without arguments; to run a program called worker: fanout -- worker")}
		},
	}
}
