package cmd

import (
	"errors"
	"fmt"
	"io"
	"time"

	"fanout/internal/bench"
	"fanout/internal/hint"
	"fanout/internal/input"
	"fanout/internal/limits"
	"fanout/internal/plan"
	"fanout/internal/run"
	"fanout/internal/template"
	"fanout/internal/text"

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

// benchFlags are bench's own.
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

// idleInBench is the groups of flags that do not matter: no records are kept, and messages
// are bench's own.
func idleInBench() []string {
	return []string{(*recordFlags).name(nil), (*messageFlags).name(nil), (*remoteFlags).name(nil)}
}

// plan is what to run, and what to try with it.
func (own *benchFlags) plan(f *flags, args []string) (p planned, spec bench.Spec, err error) {
	if p, err = f.plan(args, idleInBench()...); err != nil {
		return p, spec, err
	}
	given := func(flag string) bool { return p.from.origins[flag] == "--"+flag } // not in a configuration
	switch {
	case p.DryRun:
		err = errors.New("--dry-run: bench runs jobs for real; leave out bench to see what would run")
	case given("out"):
		err = errors.New("-o: bench throws away what jobs print; leave it out")
	case own.time <= 0:
		err = fmt.Errorf("--time %s: give a time above 0", &own.time)
	}
	if err != nil {
		return p, spec, err
	}
	spec = bench.Spec{CPUs: limits.CPUs(), Modes: []string{"thread", "process"}, Threads: p.Threads, Time: time.Duration(own.time)}
	spec.Splits = p.Template.Batch == template.BatchEven
	if given("mode") {
		spec.Modes = []string{map[plan.Mode]string{plan.Thread: "thread", plan.Process: "process"}[p.Mode]}
	}
	if p.Persistent {
		spec.Modes = []string{"persistent"}
	}
	if given("workers") {
		spec.Most = p.Schedule.Workers
	}
	spec.Items = own.sample
	return p, spec, nil
}

// runBench measures, and says what it found.
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

	where := lookAt(a.io.Stderr)
	n := narrator{w: a.io.Say, terminal: where.terminal}
	a.warn(p, p.hints...)
	if readsTerminal(p.Input, a.io.Stdin) {
		a.say(p, hint.Terminal.Say())
	}
	n.warn("bench runs this for real, again and again on the same items: " + words(p.Template.Command))
	spec.Tell, spec.Warn = n.tell, n.warn
	report, err := bench.Measure(a.ctx, spec, t)
	n.clear()
	if err != nil {
		a.quiet = t.failed == nil
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
		n.warn(t.left)
	}
	if a.summary = t.failed; t.failed != nil {
		n.warn("jobs failed, and the figures are of those too; of the first run with such, " + t.failedIn + ":")
	}
	return err
}

// narrator says what is going on: on a terminal, in a line that is taken back.
type narrator struct {
	w        io.Writer
	terminal bool
}

func (n narrator) tell(what string) {
	if n.terminal {
		n.clear()
		fmt.Fprintf(n.w, "bench: %s", what)
	}
}

func (n narrator) clear() {
	if n.terminal {
		fmt.Fprint(n.w, "\r\x1b[K")
	}
}

func (n narrator) warn(what string) {
	n.clear()
	text.Line(n.w, "%s", what)
}
