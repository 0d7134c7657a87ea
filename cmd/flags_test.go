package cmd

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"fanout/internal/collect"
	"fanout/internal/input"
	"fanout/internal/limits"
	"fanout/internal/plan"
	"fanout/internal/run"
	"fanout/internal/schedule"
	"fanout/internal/template"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestPerSecond(t *testing.T) {
	for s, want := range map[string]float64{
		"1": 1, "10/s": 10, "0.5/s": 0.5, "90/m": 1.5, "60/m": 1, "3600/h": 1, "1e3/s": 1000, "1/h": 1.0 / 3600,
	} {
		if got, err := perSecond(s); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "0/s", "-1/s", "x", "/s", "1/d", "1/ms", "1/s/s", "NaN", "Inf/s", "1e9/s", "1 /s", "1/S"} {
		if got, err := perSecond(s); err == nil || !strings.Contains(err.Error(), "10/s") {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestPositive(t *testing.T) {
	for s, want := range map[string]int{"1": 1, "500": 500} {
		if got, err := wholeFrom(1)(s); err != nil || got != want {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "x", "1.5", "99999999999999999999"} {
		if got, err := wholeFrom(1)(s); err == nil || !strings.HasPrefix(err.Error(), "give a whole number, 1 or more") {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
}

func TestSplitSources(t *testing.T) {
	list := func(args ...string) input.Source { return input.Source{Args: args} }
	file := func(name string) input.Source { return input.Source{Path: name, IsFile: true} }
	for _, tt := range []struct {
		args    string
		command string
		sources []input.Source
	}{
		{"", "", nil},
		{"cat -n {}", "cat -n {}", nil},
		{"cat ::: a b", "cat", []input.Source{list("a", "b")}},
		{"cat :::", "cat", []input.Source{{}}},
		{"cat ::: a ::: b c", "cat", []input.Source{list("a"), list("b", "c")}},
		{"cat ::: ::: b", "cat", []input.Source{{}, list("b")}},
		{"cat :::: f", "cat", []input.Source{file("f")}},
		{"cat :::: f g", "cat", []input.Source{file("f"), file("g")}},
		{"cat :::: - ::: a :::: g", "cat", []input.Source{file("-"), list("a"), file("g")}},
		{"::: a", "", []input.Source{list("a")}},
		{"cat ::::: x", "cat ::::: x", nil},
		{"cat ::: -x --y", "cat", []input.Source{list("-x", "--y")}},
		{"cat :::+ a", "cat :::+ a", nil}, // part of the command, as long as no source has begun
	} {
		command, sources, err := splitSources(strings.Fields(tt.args))
		if err != nil || strings.Join(command, " ") != tt.command || !reflect.DeepEqual(sources, tt.sources) {
			t.Errorf("%q: %q, %v, %v", tt.args, command, sources, err)
		}
	}
	for _, args := range []string{"cat ::::", "cat ::: a :::+ b", "cat ::: a ::::+ b"} {
		if command, sources, err := splitSources(strings.Fields(args)); err == nil {
			t.Errorf("%q: %q, %v", args, command, sources)
		}
	}
}

// parse returns the plan of a command line.
func parse(t *testing.T, args ...string) (plan.Plan, error) {
	t.Helper()
	f := newFlags()
	c := &cobra.Command{}
	c.Flags().SetInterspersed(false)
	f.addTo(c.Flags())
	onlyOnce(c.Flags())
	if err := c.ParseFlags(args); err != nil {
		return plan.Plan{}, flagError(c, err)
	}
	p, err := f.plan(c.Flags().Args())
	return p.Plan, err
}

func TestPlan(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("sub", 0o755); err != nil {
		t.Fatal(err)
	}
	cpus := limits.CPUs()
	for _, tt := range []struct {
		args string
		what func(p plan.Plan) any
		want any
	}{
		{"cat", func(p plan.Plan) any { return p.Template.Command }, []string{"cat"}},
		{"cat -j 3", func(p plan.Plan) any { return p.Template.Command }, []string{"cat", "-j", "3"}},
		{"-- version x", func(p plan.Plan) any { return p.Template.Command }, []string{"version", "x"}},
		{"cat", func(p plan.Plan) any { return p.Schedule.Slots }, 2 * cpus},
		{"-j3 cat", func(p plan.Plan) any { return p.Schedule.Slots }, 3},
		{"-j3 cat", func(p plan.Plan) any { return []int{p.Execute.Slots, p.Collect.Slots, p.Template.Workers} }, []int{3, 3, 3}},
		{"--workers=100% cat", func(p plan.Plan) any { return p.Schedule.Slots }, cpus},
		{"--delay 200ms cat", func(p plan.Plan) any { return p.Schedule.Delay }, 200 * time.Millisecond},
		{"--rate 90/m cat", func(p plan.Plan) any { return p.Schedule.Rate }, 1.5},
		{"cat", func(p plan.Plan) any { return p.Schedule.Rate }, 0.0},
		{"cat", func(p plan.Plan) any { return p.Schedule.MaxFailures }, schedule.Limit{}},
		{"-e cat", func(p plan.Plan) any { return p.Schedule.MaxFailures }, schedule.Limit{Count: 1}},
		{"-e cat", func(p plan.Plan) any { return p.Schedule.Soon }, false},
		{"-e cat soon", func(p plan.Plan) any { return p.Template.Command }, []string{"cat", "soon"}},
		{"--stop-on-error=soon cat", func(p plan.Plan) any { return p.Schedule.Soon }, true},
		{"-e=soon cat", func(p plan.Plan) any { return p.Schedule.Soon }, true},
		{"--max-failures 10% cat", func(p plan.Plan) any { return p.Schedule.MaxFailures }, schedule.Limit{Percent: 10}},
		{"-e --max-failures 5 cat", func(p plan.Plan) any { return p.Schedule.MaxFailures }, schedule.Limit{Count: 5}},
		{"cat", func(p plan.Plan) any { return p.Process.Grace }, 5 * time.Second},
		{"--delay 1.5 cat", func(p plan.Plan) any { return p.Schedule.Delay }, 1500 * time.Millisecond},
		{"--grace 2 cat", func(p plan.Plan) any { return p.Process.Grace }, 2 * time.Second},
		{"-t 90 cat", func(p plan.Plan) any { return p.Schedule.Timeout }, 90 * time.Second},
		{"--timeout 1h30m cat", func(p plan.Plan) any { return p.Schedule.Timeout }, 90 * time.Minute},
		{"--deadline 10m cat", func(p plan.Plan) any { return p.Schedule.Deadline }, 10 * time.Minute},
		{"cat", func(p plan.Plan) any { return p.Schedule.Timeout + p.Schedule.Deadline }, time.Duration(0)},
		{"-r3 cat", func(p plan.Plan) any { return p.Schedule.Retries }, 3},
		{"-r3 cat", func(p plan.Plan) any { return p.Collect.Retries }, 3},
		{"-r 0 --retry-delay 0 cat", func(p plan.Plan) any { return p.Schedule.Retries }, 0},
		{"-r 1 --retry-delay 0.1 cat", func(p plan.Plan) any { return p.Schedule.RetryDelay }, 100 * time.Millisecond},
		{"--grace 0s cat", func(p plan.Plan) any { return p.Process.Grace }, time.Duration(0)},
		{"cat", func(p plan.Plan) any { return p.Input.Delimiter }, "\n"},
		{"-0 cat", func(p plan.Plan) any { return p.Input.Delimiter }, "\x00"},
		{`-d \t cat`, func(p plan.Plan) any { return p.Input.Delimiter }, "\t"},
		{"-0 cat", func(p plan.Plan) any { return p.Template.Terminator }, "\x00"},
		{"--skip-empty cat", func(p plan.Plan) any { return p.Input.SkipEmpty }, true},
		{"cat", func(p plan.Plan) any { return p.Input.Link }, input.Product},
		{"--link cat", func(p plan.Plan) any { return p.Input.Link }, input.Equal},
		{"--link=true cat", func(p plan.Plan) any { return p.Input.Link }, input.Equal},
		{"--link=false cat", func(p plan.Plan) any { return p.Input.Link }, input.Product},
		{"--link=shortest cat", func(p plan.Plan) any { return p.Input.Link }, input.Shortest},
		{"--link=Wrap cat", func(p plan.Plan) any { return p.Input.Link }, input.Wrap},
		{"--format shell cat", func(p plan.Plan) any { return p.Input.Format }, input.Shell},
		{"-a x -a - cat :::: y", func(p plan.Plan) any { return p.Input.Sources },
			[]input.Source{{Path: "x", IsFile: true}, {Path: "-", IsFile: true}, {Path: "y", IsFile: true}}},
		{"cat", func(p plan.Plan) any { return p.Template.Sources }, 1},
		{"cat ::: a ::: b", func(p plan.Plan) any { return p.Template.Sources }, 2},
		{"cat", func(p plan.Plan) any { return p.Template.Batch }, 1},
		{"-n 7 cat", func(p plan.Plan) any { return p.Template.Batch }, 7},
		{"-n max cat", func(p plan.Plan) any { return p.Template.Batch }, template.BatchMax},
		{"-n Even cat", func(p plan.Plan) any { return p.Template.Batch }, template.BatchEven},
		{"--pipe cat", func(p plan.Plan) any { return p.Template.Pipe && p.Execute.Pipe }, true},
		{"--dry-run cat", func(p plan.Plan) any { return p.DryRun }, true},
		{"cat", func(p plan.Plan) any { return p.Collect.Mode }, collect.Group},
		{"--output line cat", func(p plan.Plan) any { return p.Collect.Mode }, collect.Line},
		{"--output raw cat", func(p plan.Plan) any { return p.Collect.Mode }, collect.Raw},
		{"--output none cat", func(p plan.Plan) any { return p.Collect.Mode }, collect.None},
		{"-k --tag -q -o out cat", func(p plan.Plan) any { return fmt.Sprintln(p.Collect.KeepOrder, p.Collect.Tag, p.Quiet, p.Out) }, "true true true out\n"},
		{"cat", func(p plan.Plan) any { return p.Collect.TmpDir }, os.TempDir()},
		{"--tmpdir sub cat", func(p plan.Plan) any { return p.Collect.TmpDir }, "sub"},
		{"-C sub cat", func(p plan.Plan) any { return p.Execute.Dir }, mustGetwd(t) + "/sub"},
		{"--env A=1 --env B= cat", func(p plan.Plan) any { return p.Execute.Env }, []string{"A=1", "B="}},
		{"cat", func(p plan.Plan) any { return p.Execute.ShellForced }, false},
		{"--shell sh cat", func(p plan.Plan) any { return p.Execute.ShellForced }, true},
		{"cat", func(p plan.Plan) any { return len(p.Execute.RunID) }, 32},
		{"cat", func(p plan.Plan) any {
			return p.Template.Limits.Arg > 4096 && p.Template.Limits.Total > p.Template.Limits.Arg
		}, true},
	} {
		p, err := parse(t, strings.Fields(tt.args)...)
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
			continue
		}
		if got := tt.what(p); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.args, got, tt.want)
		}
	}
	p, err := parse(t, "--shell", "sh -e -u", "cat")
	if err != nil || len(p.Execute.Shell) != 3 || !strings.HasSuffix(p.Execute.Shell[0], "/sh") || p.Execute.Shell[2] != "-u" {
		t.Errorf("%v, %v", p.Execute.Shell, err)
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestWrongUsage: wrong usage is refused, and the message names the flag.
func TestWrongUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		name string // in the message
	}{
		{nil, "COMMAND is missing"},
		{[]string{":::", "a"}, "COMMAND is missing"},
		{[]string{"--no-such-flag", "cat"}, "no-such-flag"},
		{[]string{"-j", "0", "cat"}, `-j, --workers "0": `},
		{[]string{"-j", "", "cat"}, "-j"},
		{[]string{"--delay", "-1s", "cat"}, "--delay"},
		{[]string{"--delay", "5 s", "cat"}, "--delay"},
		{[]string{"--rate", "x", "cat"}, "--rate"},
		{[]string{"--rate", "", "cat"}, "--rate"},
		{[]string{"-n", "0", "cat"}, `-n, --batch "0": `},
		{[]string{"-n", "many", "cat"}, "max or even"},
		{[]string{"--grace", "-1s", "cat"}, "--grace"},
		{[]string{"--grace", "soon", "cat"}, "--grace"},
		{[]string{"--timeout", "0", "cat"}, `--timeout "0": give a time above 0`},
		{[]string{"-t", "-5", "cat"}, `--timeout "-5s"`},
		{[]string{"-t", "", "cat"}, "--timeout"},
		{[]string{"-t", "1m30", "cat"}, "give a time such as"},
		{[]string{"-t", "NaN", "cat"}, "--timeout"},
		{[]string{"-t", "Inf", "cat"}, "--timeout"},
		{[]string{"-t", "1e9", "cat"}, "--timeout"},
		{[]string{"--deadline", "0s", "cat"}, `--deadline "0"`},
		{[]string{"--deadline", "-1m", "cat"}, `--deadline "-1m0s"`},
		{[]string{"--deadline", "noon", "cat"}, "--deadline"},
		{[]string{"-r", "-1", "cat"}, "--retries"},
		{[]string{"-r", "1.5", "cat"}, "--retries"},
		{[]string{"-r", "many", "cat"}, "--retries"},
		{[]string{"-r", "", "cat"}, "--retries"},
		{[]string{"-r", "1", "--retry-delay", "-1s", "cat"}, `--retry-delay "-1s"`},
		{[]string{"-r", "1", "--retry-delay", "x", "cat"}, "--retry-delay"},
		{[]string{"--retry-delay", "1s", "cat"}, "--retry-delay needs --retries"},
		{[]string{"--max-failures", "120%", "cat"}, "--max-failures"},
		{[]string{"--max-failures", "-1", "cat"}, "--max-failures"},
		{[]string{"--stop-on-error=later", "cat"}, `-e, --stop-on-error "later": give one of now, soon`},
		{[]string{"--stop-on-error=", "cat"}, `--stop-on-error "": `},
		{[]string{"--max-failures", "0", "cat"}, "--max-failures"},
		{[]string{"--max-failures", "", "cat"}, "--max-failures"},
		{[]string{"-0", "-d", ",", "cat"}, "-0 and -d"},
		{[]string{"-d", "", "cat"}, "-d"},
		{[]string{"-d", `\q`, "cat"}, "-d"},
		{[]string{"--format", "csv", "cat"}, `--format "csv": give one of lines, shell`},
		{[]string{"--output", "loud", "cat"}, `--output "loud": give one of group, line, raw, none`},
		{[]string{"-o", "", "cat"}, "-o"},
		{[]string{"--tmpdir", "missing", "cat"}, "--tmpdir"},
		{[]string{"--tmpdir", "file", "cat"}, "not a directory"},
		{[]string{"-C", "missing", "cat"}, "-C"},
		{[]string{"-C", "", "cat"}, "-C"},
		{[]string{"--env", "A", "cat"}, "--env A"},
		{[]string{"--env", "=x", "cat"}, "--env =x"},
		{[]string{"--shell", "", "cat"}, "--shell"},
		{[]string{"--shell", "no-such-shell", "cat"}, "no-such-shell"},
		{[]string{"--shell", "'open", "cat"}, "--shell"},
		{[]string{"cat", "::::"}, "::::"},
	} {
		if _, err := parse(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%q: %v, want %q", tt.args, err, tt.name)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Setenv("FANOUT_WORKERS", "5")
	t.Setenv("FANOUT_KEEP_ORDER", "true")
	t.Setenv("FANOUT_STOP_ON_ERROR", "soon")
	t.Setenv("FANOUT_SEQ", "7") // of a job that this fanout is
	t.Setenv("FANOUT_RUN", "outer")
	p, err := parse(t, "cat")
	if err != nil || p.Schedule.Slots != 5 || !p.Collect.KeepOrder || !p.Schedule.Soon {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = parse(t, "-j2", "-e", "cat"); err != nil || p.Schedule.Slots != 2 || p.Schedule.Soon {
		t.Errorf("flags come first: %d workers, %v", p.Schedule.Slots, err)
	}
	t.Setenv("FANOUT_WORKERS", "many")
	if _, err = parse(t, "cat"); err == nil || !strings.Contains(err.Error(), "many") {
		t.Errorf("%v", err)
	}
	t.Setenv("FANOUT_WORKERS", "5")
	t.Setenv("FANOUT_DELAY", "soon")
	if _, err = parse(t, "cat"); err == nil || !strings.Contains(err.Error(), "FANOUT_DELAY") {
		t.Errorf("%v", err)
	}
}

func TestUsageErrorIsTold(t *testing.T) {
	var usage *run.UsageError
	root := (&app{}).root()
	root.SetArgs([]string{"-j", "x", "cat"})
	if err := root.Execute(); !errors.As(err, &usage) {
		t.Errorf("%v", err)
	}
}

// TestTimes: all flags of all subcommands that take a time take a number of seconds, too.
func TestTimes(t *testing.T) {
	n := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "duration" {
				return
			}
			n++
			if err := f.Value.Set("0.25"); err != nil || f.Value.String() != "250ms" {
				t.Errorf("%s --%s 0.25: %s, %v", c.CommandPath(), f.Name, f.Value, err)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(Command())
	if n < 8 {
		t.Errorf("only %d flags take a time", n)
	}
}
