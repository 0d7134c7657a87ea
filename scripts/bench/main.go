// Command bench races fanout against xargs, GNU parallel, xe, rush and a C posix_spawn loop, checks every byte that
// each of them prints, and writes the outcome into docs/benchmarks.md.
//
// A missed target is a result, not an error: the exit status is 0. It is 1 when a program fails or prints the wrong
// bytes, so that a fast runner that loses output cannot score.
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
	"regexp"
	"strings"
	"syscall"
)

type options struct {
	fanout string
	out    string
	only   *regexp.Regexp
	rounds int
	quick  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// errUsage has been explained on stderr already, by package flag.
var errUsage = errors.New("wrong usage")

const defaultOut = "docs/benchmarks.md"

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.fanout, "fanout", "", "measure this `program` instead of building one")
	flags.StringVar(&o.out, "out", "", "write the tables into this `file` (default "+defaultOut+"; with -only: nowhere)")
	flags.IntVar(&o.rounds, "rounds", 0, "measure each program `n` times (default: each work's own number)")
	flags.BoolVar(&o.quick, "quick", false, "a third of the rounds, and no slow works")
	only := flags.String("only", "", "run only the works whose name matches this `regexp`")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return o, err
	} else if err != nil {
		return o, errUsage
	}
	if flags.NArg() > 0 || o.rounds < 0 {
		flags.Usage()
		return o, errUsage
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(stderr, "bench: -only:", err)
		return o, errUsage
	}
	// A table of a few works must not replace the full one unasked.
	if o.out == "" && *only == "" {
		o.out = defaultOut
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "fanout-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary directory: %w", err)
	}
	defer os.RemoveAll(tmp)
	tools, err := findTools(ctx, filepath.Join(tmp, "bin"), o.fanout)
	if err != nil {
		return err
	}
	bench := &bench{tmp: tmp, tools: tools, options: o, progress: stderr}
	var results []result
	for _, w := range works() {
		if !o.only.MatchString(w.name) {
			continue
		}
		results = append(results, bench.race(ctx, w))
		if ctx.Err() != nil {
			return errors.New("interrupted: nothing was written")
		}
	}
	if len(results) == 0 {
		return fmt.Errorf("-only %s matches none of %s", o.only, names(works()))
	}
	report := render(describeMachine(ctx, tools), results)
	fmt.Fprint(stdout, report)
	if o.out != "" {
		if err := updateFile(o.out, report); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return failures(results)
}

func names(all []work) string {
	list := make([]string, len(all))
	for i, w := range all {
		list[i] = w.name
	}
	return strings.Join(list, ", ")
}

// failures is nil when every program of every work ran and printed the right bytes.
func failures(results []result) error {
	var errs []error
	for _, r := range results {
		for _, s := range r.series {
			if s.err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", r.work.name, s.program, s.err))
			}
		}
	}
	return errors.Join(errs...)
}
