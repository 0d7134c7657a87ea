package cmd

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fanout/internal/plan"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// addsUp lists the flags that add up when repeated.
var addsUp = []string{"input", "env", "hosts", "slurm-args", "ray-resources", "cpu-affinity", "verbose"}

// freshCommand returns fanout's command or a subcommand, as main reads it.
func freshCommand(path []string) *cobra.Command {
	c := (&app{}).root()
	onlyOnceIn(c)
	for _, name := range path {
		c = subcommand(c, name)
	}
	return c
}

// someValue returns a value that the flag can have.
func someValue(t *testing.T, path []string, flag string) string {
	t.Helper()
	for _, v := range []string{"true", "1", "now", "info", "lines", "group", "auto", "thread", "text", "none", "1s", "json", "slurm", "x"} {
		if freshCommand(path).Flags().Set(flag, v) == nil {
			return v
		}
	}
	t.Fatalf("%v --%s takes none of the values that are tried", path, flag)
	return ""
}

// TestRepeats goes through all flags of all commands: given twice, a flag adds up, or is refused if a value would be
// lost.
func TestRepeats(t *testing.T) {
	paths := [][]string{nil}
	for _, c := range freshCommand(nil).Commands() {
		paths = append(paths, []string{c.Name()})
	}
	paths = append(paths, []string{"config", "path"})
	seen := 0
	for _, path := range paths {
		freshCommand(path).Flags().VisitAll(func(f *pflag.Flag) {
			seen++
			v := someValue(t, path, f.Name)
			parse := func(values ...string) error {
				var args []string
				for _, v := range values {
					args = append(args, "--"+f.Name+"="+v)
				}
				c := freshCommand(path)
				if err := c.ParseFlags(args); err != nil {
					return flagError(c, err)
				}
				return nil
			}
			said := func(err error) bool {
				return err != nil && strings.Contains(err.Error(), "--"+f.Name+": given twice, as ")
			}
			if err := parse(v); err != nil {
				t.Errorf("%v --%s=%s: %v", path, f.Name, v, err)
			}
			err := parse(v, v)
			switch {
			case slices.Contains(addsUp, f.Name), f.NoOptDefVal != "":
				if err != nil {
					t.Errorf("%v --%s=%s twice: %v", path, f.Name, v, err)
				}
			case !said(err):
				t.Errorf("%v --%s=%s twice: %v, and an error is wanted", path, f.Name, v, err)
			}
			if f.Value.Type() == "bool" {
				if err := parse("true", "false"); !said(err) {
					t.Errorf("%v --%s with and without: %v, and an error is wanted", path, f.Name, err)
				}
			}
		})
	}
	if seen < 60 {
		t.Errorf("only %d flags were seen", seen)
	}
}

// TestAddsUp: flags that add up lose nothing.
func TestAddsUp(t *testing.T) {
	t.Setenv("SLURM_JOB_ID", "")
	for _, tt := range []struct {
		args []string
		what func(p plan.Plan) any
		want any
	}{
		{[]string{"-a", "x", "--input=y", "cat"}, func(p plan.Plan) any { return []string{p.Input.Sources[0].Path, p.Input.Sources[1].Path} }, []string{"x", "y"}},
		{[]string{"--env", "A=1", "--env=B=2", "--env", "A=1", "cat"}, func(p plan.Plan) any { return p.Execute.Env }, []string{"A=1", "B=2", "A=1"}},
		{[]string{"--backend=ssh", "--hosts", "n1", "--hosts", "n2:3,n3", "--hosts=n4", "cat"}, func(p plan.Plan) any {
			names := ""
			for _, h := range p.Remote.SSH.Hosts {
				names += fmt.Sprint(h.Name, " ", h.Threads, " ")
			}
			return names
		}, "n1 0 n2 3 n3 0 n4 0 "},
		{[]string{"--backend=slurm", "-j2", "--slurm-args", "-p long", "--slurm-args=--mem=4G", "cat"}, func(p plan.Plan) any { return p.Remote.Slurm.Args }, []string{"-p", "long", "--mem=4G"}},
		{[]string{"--backend=ray", "-j2", "--ray-address=h:1", "--ray-resources", "a=1,b=2", "--ray-resources=c=3", "cat"}, func(p plan.Plan) any { return p.Remote.Ray.Resources },
			map[string]float64{"a": 1, "b": 2, "c": 3}},
		{[]string{"--mode=process", "--cpu-affinity", "0", "--cpu-affinity=0", "cat"}, func(p plan.Plan) any { return p.CPUs }, []int{0, 0}},
	} {
		p, err := parse(t, tt.args...)
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		} else if got := tt.what(p); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.args, got, tt.want)
		}
	}
	for _, tt := range []struct {
		args []string
		said string
	}{
		{[]string{"--backend=ssh", "--hosts", "n1", "--hosts", "n1", "cat"}, "host n1: it is named twice"},
		{[]string{"--backend=ray", "-j2", "--ray-address=h:1", "--ray-resources", "a=1", "--ray-resources=a=2", "cat"}, "a is named twice"},
	} {
		if _, err := parse(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.said) {
			t.Errorf("%q: %v, want %q", tt.args, err, tt.said)
		}
	}
}

// TestOverrides: a flag that overrides a variable and a configuration is not a repeat.
func TestOverrides(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("c.yaml", []byte("workers: 3\nkeep-order: true\nhosts: [n1, n2]\nstop-on-error: soon\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FANOUT_WORKERS", "5")
	t.Setenv("FANOUT_BATCH", "2")
	t.Setenv("FANOUT_KEEP_ORDER", "true")
	p, err := parse(t, "--config", "c.yaml", "-j7", "--keep-order=false", "--stop-on-error=now", "--backend=ssh", "--hosts=n3", "cat")
	if err != nil || p.Schedule.Slots != 7 || p.Template.Batch != 2 || p.Collect.KeepOrder || p.Schedule.Soon || len(p.Remote.SSH.Hosts) != 1 {
		t.Errorf("%d workers, batches of %d, in order: %t, soon: %t, hosts: %v, %v",
			p.Schedule.Slots, p.Template.Batch, p.Collect.KeepOrder, p.Schedule.Soon, p.Remote.SSH.Hosts, err)
	}
	p, err = parse(t, "--config", "c.yaml", "--backend=ssh", "cat")
	if err != nil || p.Schedule.Slots != 5 || len(p.Remote.SSH.Hosts) != 2 {
		t.Errorf("%d workers, hosts: %v, %v", p.Schedule.Slots, p.Remote.SSH.Hosts, err)
	}
}
