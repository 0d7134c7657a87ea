package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"fanout/cmd"
	"fanout/internal/testkit"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nasty holds names and values that would control a terminal, or look like a line of fanout's own.
var nasty = []string{
	"\x1b]0;PWN\a\u009d0;\u009c\u202e\u2028\u200f\x7f\r\b\xff\xc3(\x9b31m", "a\nfanout: 5 jobs: 5 ok\n",
}

// TestNames: whatever a flag, an argument, a variable, a file or a configuration holds, messages show it in a harmless
// form, and each line is fanout's own.
func TestNames(t *testing.T) {
	testkit.Slow(t)
	root := cmd.Command()
	var cases [][]string // the command line
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		with := func(rest ...string) {
			if c.Name() == "fanout" || c.Name() == "bench" {
				rest = append(rest, "true", ":::", "a")
			}
			cases = append(cases, append(append([]string{}, path...), rest...))
		}
		for _, name := range nasty {
			with(name)
			with("--" + name)
			with("-" + name)
			with("--", name)
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if c.Name() == "bench" && root.Flags().Lookup(f.Name) != nil {
					return
				}
				with("--" + f.Name + "=" + name)
				if f.Shorthand != "" {
					with("-" + f.Shorthand + name)
				}
			})
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "worker" && sub.Name() != "completion" {
				walk(sub, append(append([]string{}, path...), sub.Name()))
			}
		}
	}
	walk(root, nil)
	for _, name := range nasty {
		cases = append(cases, [][]string{
			{"-a", name, "true"}, {"true", "::::", name}, {"cat < {}", ":::", name}, {"cat {} > " + "{}/x", ":::", name},
			{"--csv", "echo {" + name + "}", ":::", "a,b"}, {"--resume", "--journal", name + "/j", "true", ":::", "a"},
			{"--backend", "ssh", "--hosts", name, "--ssh-command", name, "true", ":::", "a"}, {"--backend", "ssh", "--hosts-file", name, "true", ":::", "a"},
			{"--backend", "slurm", "--slurm-args", name, "true", ":::", "a"}, {"--backend", "ray", "--ray-address", name, "true", ":::", "a"},
			{"--results", name, "--results", name, "true", ":::", "a"}, {"--persistent", "cat", ":::", name}, {"track", "./" + name, "x"},
			{"--shell", name + " x", "echo {}", ":::", "a"}, {"--colsep", "(" + name, "true", ":::", "a"}, {"true", ":::", "a", "::::", name}, {"--link", "true", ":::", "a", ":::", name, "b"},
		}...)
	}
	each(t, cases, nil)
}

// TestNamesInSettings does the same for variables and configurations.
func TestNamesInSettings(t *testing.T) {
	testkit.Slow(t)
	var flags []string
	cmd.Command().Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	var cases [][]string
	var variables []string
	dir := t.TempDir()
	config := func(value any) {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.%s", len(cases), []string{"json", "yaml"}[len(cases)%2])) // YAML takes JSON, too
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		cases, variables = append(cases, []string{"--config", path, "true", ":::", "a"}), append(variables, "X=")
	}
	for _, name := range nasty {
		for _, f := range flags {
			cases, variables = append(cases, []string{"true", ":::", "a"}), append(variables, "FANOUT_"+strings.ToUpper(strings.ReplaceAll(f, "-", "_"))+"="+name)
			config(map[string]any{f: name})
			config(map[string]any{"profile": "p", "profiles": map[string]any{"p": map[string]any{f: name}}})
		}
		config(map[string]any{name: 1})
		config(map[string]any{"profile": name, "profiles": map[string]any{name: 1}})
		config(map[string]any{"profile": "x", "profiles": map[string]any{name: map[string]any{name: name}}})
		config(map[string]any{"profile": "x", "profiles": name})
		config([]any{name})
		for _, v := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "TMPDIR", "PATH", "SLURM_JOB_ID", "RAY_ADDRESS", "LANG", "FANOUT_RUN", "FANOUT_MARK"} {
			cases, variables = append(cases, []string{"env true {}", ":::", "a"}), append(variables, v+"="+name)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.toml", len(cases)))
		if err := os.WriteFile(path, []byte(name+" = \""+name+"\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cases, variables = append(cases, []string{"--config", path, "true", ":::", "a"}), append(variables, "X=")
	}
	each(t, cases, variables)
}

// each runs all command lines, two at a time, each with its variable.
func each(t *testing.T, cases [][]string, variables []string) {
	if len(cases) < 100 {
		t.Fatalf("only %d cases", len(cases))
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range next {
				c := testkit.Command(t, "fanout", cases[i]...)
				c.Dir = t.TempDir()
				c.Env = append(os.Environ(), "HOME="+c.Dir, "XDG_CONFIG_HOME=")
				what := fmt.Sprintf("%q", cases[i])
				if variables != nil {
					c.Env = append(c.Env, variables[i])
					what += fmt.Sprintf(" with %q", variables[i])
				}
				var stdout, stderr bytes.Buffer
				c.Stdout, c.Stderr = &stdout, &stderr
				c.Run()
				if said := wrongWith(stderr.String()); said != "" {
					t.Errorf("%s: %s in %q", what, said, stderr.String())
				}
				if said := wrongWith(stdout.String()); said != "" && c.ProcessState.ExitCode() != 0 {
					t.Errorf("%s: %s in %q on standard output", what, said, stdout.String())
				}
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	wg.Wait()
}

// wrongWith returns what a text for people must not hold, or "".
func wrongWith(text string) string {
	if !utf8.ValidString(text) {
		return "invalid UTF-8"
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !unicode.IsGraphic(r) {
			return fmt.Sprintf("%q", r)
		}
	}
	if strings.Contains(text, "\nfanout: 5 jobs: 5 ok") {
		return "a line that is forged"
	}
	return ""
}
