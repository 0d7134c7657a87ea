// Command test runs the tests and prints a line for each package, the output of failed tests, the skipped tests with the
// Debian packages that they need, and a last line with the result. While tests run, it prints something at least every
// half minute. No test runs for longer than its limit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"fanout/internal/testkit"
)

type options struct {
	quick    bool          // no slow trials, no race detector
	plain    bool          // no race detector
	limit    time.Duration // of one test
	skipped  string        // a file for the names of skipped tests
	rest     string        // such a file of another run: only these of the program's own tests
	backends string        // only the tests of jobs on other machines by these backends, or of the program for arm64
	only     []string      // arguments of go test: one step in place of all
	dir      string
}

func main() {
	signals := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup
			signals = append(signals, s)
		}
	}
	testkit.DefaultSignals() // for the tests
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	ok, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "test:", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.quick, "quick", false, "no slow trials, and no race detector")
	flags.BoolVar(&o.plain, "plain", false, "no race detector")
	flags.DurationVar(&o.limit, "limit", 7*time.Minute, "end a test that runs for longer than `D`")
	flags.StringVar(&o.skipped, "skipped", "", "write the names of the tests that were skipped into `file`")
	flags.StringVar(&o.rest, "rest", "", "run only those of the program's own tests that are in `file`, and the tests with the race detector")
	flags.StringVar(&o.backends, "backends", "", "test jobs on other machines by these of `ssh, slurm, ray and qemu`; qemu is the program for arm64 under an emulator")
	flags.StringVar(&o.dir, "dir", ".", "the `directory` of the module")
	err = flags.Parse(args)
	o.only = flags.Args()
	return o, err
}

// run runs all steps, and reports whether all tests passed.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return false, err
	}
	out := newPrinter(stdout)
	b := newBook(out)
	defer out.heartbeat(b.running)()
	steps, with, err := plan(ctx, o)
	if err != nil {
		return false, err
	}
	out.line("Tests run %s.", with)
	b.with, _, _ = strings.Cut(with, ":")
	if log, err := logFile(o.dir); err == nil {
		defer log.Close()
		b.log = log
	}
	defer b.watch(o.limit)()
	var all sync.WaitGroup
	queue := make(chan step)
	for range atOnce {
		all.Go(func() {
			for s := range queue {
				if ctx.Err() == nil {
					b.runStep(ctx, o.dir, s)
				}
			}
		})
	}
	for _, s := range steps {
		queue <- s
	}
	close(queue)
	all.Wait()
	if o.skipped != "" {
		if err := os.WriteFile(o.skipped, []byte(b.skipped()), 0o666); err != nil {
			return false, err
		}
	}
	return b.summary(ctx.Err() != nil), nil
}

// logFile opens the file for everything that the tests print.
func logFile(dir string) (*os.File, error) {
	dir = filepath.Join(dir, ".tools")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return os.Create(filepath.Join(dir, "test.log"))
}
