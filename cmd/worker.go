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

// workerCommand is what fanout starts itself with for --mode process.
const workerCommand = "worker"

// serve is the whole of a worker process. It needs no guardian: it ends when its runner
// does. Main's goroutine keeps the first thread free, as the runner's does.
func serve(stdin, stdout, stderr *os.File) int {
	ended := make(chan error)
	go func() { ended <- worker.Main(built(), stdin, stdout, stderr, nil) }()
	return workerCode(<-ended, stderr)
}

// workerCode is the exit code of a worker, which tells why it has ended when nobody else does.
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

// worker is for those who give it arguments.
func (a *app) worker() *cobra.Command {
	return &cobra.Command{
		Use:    workerCommand,
		Short:  "run jobs that another fanout sends",
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			return &run.UsageError{Err: errors.New("worker takes no arguments, and is started by fanout itself; for a program of that name: fanout -- worker")}
		},
	}
}
