package cmd

import (
	"os"
	"strings"
	"testing"

	"fanout/docs"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// samples returns a value for each flag that does not take "1".
func samples() map[string]string {
	return map[string]string{
		"delimiter": ",", "format": "shell", "colsep": ",", "mode": "process", "cpu-affinity": "", "rate": "1/s", "max-failures": "1", "output": "raw", "tmpdir": ".",
		"chdir": ".", "env": "A=1", "shell": "sh", "config": "c.yaml", "profile": "p", "programs": "facts", "hosts": "n1:1", "hosts-file": "hosts", "journal-sync": "always",
		"progress": "none", "log-level": "info", "log-format": "json", "backend": "slurm", "ray-resources": "a=1", "ray-address": "h:1", "remote-dir": "/", "input": "-",
		"slurm-args": "-v", "memory-limit": "1G",
	}
}

// told is how a flag is given.
type told struct{ name, value string }

func (f told) String() string { return strings.TrimSpace(f.name + " " + f.value) }

// withNeeds adds to flags what the rules say that they need: the first of several.
func withNeeds(flags ...told) []told {
	for again := true; again; {
		again = false
		for _, r := range rules() {
			if r.relation != needs || !among(flags, r.flags) || among(flags, r.others) {
				continue
			}
			name, value, _ := strings.Cut(r.others[0], " ")
			if value == "" {
				value = sampleOf(name)
			}
			flags, again = append(flags, told{name, value}), true
		}
	}
	return flags
}

// among reports whether one of the flags is among those of a rule.
func among(flags []told, of []string) bool {
	for _, f := range flags {
		for _, want := range of {
			name, value, valued := strings.Cut(want, " ")
			if f.name == name && (!valued || f.value == value) {
				return true
			}
		}
	}
	return false
}

// sampleOf returns a value for a flag that is named with its dashes; "" if it needs none.
func sampleOf(name string) string {
	f := flagNamed(newFlags().all(), name)
	if f.NoOptDefVal != "" {
		return ""
	}
	if value, ok := samples()[f.Name]; ok {
		return value
	}
	return "1"
}

// inMessages returns the name of a flag as rules and messages have it.
func inMessages(f *pflag.Flag) string {
	for _, r := range rules() {
		for _, flag := range append(append([]string{}, r.flags...), r.others...) {
			name, _, _ := strings.Cut(flag, " ")
			if have := flagNamed(newFlags().all(), name); have != nil && have.Name == f.Name {
				return name
			}
		}
	}
	return "--" + f.Name
}

// TestRulesOfPairs: any two flags, each with what it needs, go together, or are refused by a message that names a flag
// of each side.
func TestRulesOfPairs(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"c.yaml": "profiles:\n  p:\n    reap: false\n", "hosts": "n1:1\n", "facts": "x: prints=args\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{"RAY_ADDRESS": "", "GITHUB_ACTIONS": "", "SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "n1"} {
		t.Setenv(name, value)
	}
	var sides [][]told
	newFlags().all().VisitAll(func(f *pflag.Flag) {
		name := inMessages(f)
		value := sampleOf(name)
		switch f.Name {
		case "no-guardian", "cpu-affinity": // one depends on the machine, the other must be the first
			return
		case "profile":
			sides = append(sides, []told{{name, value}, {"--config", "c.yaml"}})
			return
		case "backend":
			for _, backend := range []string{"ssh", "slurm", "ray"} {
				sides = append(sides, equipped(withNeeds(told{name, backend})))
			}
			return
		}
		sides = append(sides, equipped(withNeeds(told{name, value})))
		for _, word := range wordsOf(f) {
			if f.NoOptDefVal == "" && word != value {
				sides = append(sides, equipped(withNeeds(told{name, word})))
			}
		}
	})
	refused := 0
	for i, a := range sides {
		for _, b := range sides[:i] {
			// A plan for other machines has a checksum of this program, which takes time: it is made where both are
			// about them.
			remote := []string{"--backend"}
			if err := planOf(t, merge(a, b), among(a, remote) == among(b, remote)); err != nil {
				refused++
				if !namesOne(err, a) || !namesOne(err, b) {
					t.Errorf("%v with %v: %v", a, b, err)
				}
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d pairs are refused", refused)
	}
}

// equipped adds what a backend always needs.
func equipped(flags []told) []told {
	if !among(flags, []string{"--backend ray"}) {
		return flags
	}
	flags = append(flags, told{"-j", "1"})
	if !among(flags, []string{"--ray-address"}) {
		flags = append(flags, told{"--ray-address", "h:1"})
	}
	return flags
}

// merge joins two sides; the first decides about a flag that is in both.
func merge(a, b []told) []told {
	all := append([]told{}, a...)
	for _, f := range b {
		if !among(a, []string{f.name}) {
			all = append(all, f)
		}
	}
	return all
}

func namesOne(err error, flags []told) bool {
	for _, f := range flags {
		if strings.Contains(err.Error(), f.name) {
			return true
		}
	}
	return false
}

// planOf makes a plan of flags, as far as a run checks it before it begins, or just applies the rules.
func planOf(t *testing.T, all []told, whole bool) error {
	t.Helper()
	f := newFlags()
	c := &cobra.Command{}
	c.Flags().SetInterspersed(false)
	f.addTo(c.Flags())
	var args []string
	for _, flag := range all {
		args = append(args, flag.name)
		if flag.value != "" {
			args = append(args, flag.value)
		}
	}
	command := []string{"cat"}
	if among(all, []string{"--commands"}) {
		command = nil
	}
	if err := c.ParseFlags(append(args, command...)); err != nil {
		t.Fatalf("%v: %v", all, err)
	}
	if !whole {
		return f.check(c.Flags(), nil)
	}
	p, err := f.plan(command)
	if err != nil {
		return err
	}
	return p.Check()
}

// TestRulesInDocs: docs/configuration.md has the table of the rules.
func TestRulesInDocs(t *testing.T) {
	page, err := docs.Pages.ReadFile("configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| flag | | others | because |\n|---|---|---|---|\n")
	code := func(flags []string) string { return "`" + strings.Join(flags, "`, `") + "`" }
	for _, r := range rules() {
		relation := string(r.relation)
		if r.relation == needs && len(r.others) > 1 {
			relation += " one of"
		}
		table.WriteString("| " + code(r.flags) + " | " + relation + " | " + code(r.others) + " | " + r.why + " |\n")
	}
	if !strings.Contains(string(page), table.String()) {
		t.Errorf("docs/configuration.md does not have this table:\n%s", &table)
	}
}
