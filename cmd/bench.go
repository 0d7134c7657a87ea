package cmd

import (
	"errors"
	"fmt"
	"time"

	"fanout/internal/bench"
	"fanout/internal/hint"
	"fanout/internal/input"
	"fanout/internal/limits"
	"fanout/internal/plan"
	"fanout/internal/run"
	"fanout/internal/template"

	"github.com/spf13/cobra"
)

const benchLong = `bench measures which mode and which -j suit COMMAND best. It runs a sample of the items
one after the other, then in thread mode and in process mode with different numbers of
workers, each in turn until the time is up. It also tells whether jobs are bound by CPU,
by waiting or by their start-up.

COMMAND runs for real, many times on the same items: use a command that can be repeated,
or a copy of the files. Its output is thrown away.

Other flags are those of fanout, such as -n 10 or --persistent. With --mode, only that
mode is tried; with -j N, at most N workers.`

// benchFlags are the flags of bench itself.
type benchFlags struct {
	json   bool
	sample int
	time   duration
}

func (a *app) bench() *cobra.Command {
	f, own := newFlags(), &benchFlags{time: duration(10 * time.Second)}
	c := &cobra.Command{
		Use:   "bench [flags] COMMAND [ARG]... [::: ITEM]... [:::: FILE]...",
		Short: "measure which mode and -j suit COMMAND",
		Long:  benchLong,
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			f.line = a.typed(c)
			p, spec, err := own.plan(f, args)
			if err != nil {
				return &run.UsageError{Err: err}
			}
			return a.runBench(p, spec, own.json)
		},
	}
	c.ValidArgsFunction = completeCommand
	set := c.Flags()
	set.SetInterspersed(false)
	set.BoolVar(&own.json, "json", false, "print a JSON object instead of the table, with times in seconds")
	set.Var(valueOf(&own.sample, "100000", wholeFrom(1)), "sample", "run at most `N` items; fewer if they do not fit into the time")
	set.Var(&own.time, "time", "spend about `D` in all")
	f.addTo(set, idleInBench()...)
	f.hide()
	return c
}

// idleInBench names the groups of flags without effect in bench: it keeps no records, has messages of its own, and runs
// jobs on this machine.
func idleInBench() []string {
	return []string{(*recordFlags).name(nil), (*messageFlags).name(nil), (*remoteFlags).name(nil)}
}

// plan returns what to run, and what to try.
func (own *benchFlags) plan(f *flags, args []string) (p planned, spec bench.Spec, err error) {
	if p, err = f.plan(args, idleInBench()...); err != nil {
		return p, spec, err
	}
	given := func(flag string) bool { return p.from.origins[flag] == "--"+flag } // not by a variable or the configuration
	switch {
	case p.DryRun:
		err = errors.New("--dry-run: bench runs jobs for real; use fanout --dry-run without bench")
	case given("out"):
		err = errors.New("-o: bench throws away what jobs print; leave out -o")
	case own.time <= 0:
		err = fmt.Errorf("--time %q: give a time above 0", &own.time)
	}
	if err != nil {
		return p, spec, err
	}
	spec = bench.Spec{CPUs: limits.CPUs(), Modes: []string{"thread", "process"}, Threads: p.Threads, Time: time.Duration(own.time)}
	spec.Splits, spec.Alone = p.Template.Batch == template.BatchEven, p.Template.Commands
	if given("mode") {
		spec.Modes = []string{map[plan.Mode]string{plan.Thread: "thread", plan.Process: "process"}[p.Mode]}
	}
	if p.Persistent {
		spec.Modes = []string{"persistent"}
	}
	if given("workers") {
		spec.Most = p.Schedule.Slots
	}
	spec.Items = own.sample
	return p, spec, nil
}

// runBench measures, and prints the result.
func (a *app) runBench(p planned, spec bench.Spec, asJSON bool) error {
	if err := a.guard(&p); err != nil {
		return err
	}
	a.begun.Store(true)
	in, err := input.Open(p.Input, a.io.Stdin)
	if err != nil {
		return err
	}
	sample := input.NewSample(in)
	defer sample.End()
	t := &trials{plan: p.Plan, sample: sample, current: a.current, stdin: a.io.Stdin, resort: a.io.Resort}
	if err := t.open(); err != nil {
		return err
	}
	defer t.close()

	a.messages.quiet = p.Quiet
	a.messages.warn(p.hints...)
	if readsTerminal(p.Input, a.io.Stdin) {
		a.messages.note(hint.Terminal.Say())
	}
	a.messages.say("bench runs this for real, many times on the same items: %s", runs(p.Plan))
	spec.Tell, spec.Warn = a.tellBench(), func(what string) { a.messages.say("%s", what) }
	report, err := bench.Measure(a.ctx, spec, t)
	a.messages.clear()
	if err != nil {
		a.noSummary = t.failed == nil
		a.summary = t.failed
		return err
	}
	if asJSON {
		err = report.WriteJSON(a.io.Stdout)
	} else {
		out := lookAt(a.io.Stdout)
		err = report.WriteText(a.io.Stdout, bench.Style{ASCII: out.ascii, Color: out.color})
	}
	if t.left != "" {
		a.messages.say("%s", t.left)
	}
	if a.summary = t.failed; t.failed != nil {
		a.messages.say("some jobs failed and are included in the figures; the first run with failures (%s):", t.failedIn)
	}
	return err
}

// runs names what a plan runs, for people.
func runs(p plan.Plan) string {
	if p.Template.Commands {
		return "the items, as commands"
	}
	return words(p.Template.Command)
}

// tellBench returns a function that shows on a terminal what bench does.
func (a *app) tellBench() func(string) {
	if !lookAt(a.io.Stderr).terminal {
		return func(string) {}
	}
	return func(what string) { a.messages.show("bench: " + what) }
}
