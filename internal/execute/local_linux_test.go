package execute

import (
	"context"
	"strings"
	"testing"
	"time"

	"fanout/internal/template"
)

// TestStartsProcesses: what fanout can do by itself needs no process.
func TestStartsProcesses(t *testing.T) {
	sup := newSupervisor(t)
	for script, want := range map[string]bool{
		"echo {}":             false,
		"echo {} && true":     false,
		"true; echo {}; :":    false,
		"false || echo -e {}": false,
		"echo {} | cat":       true,
		"echo {} >x":          true,
		"cat {}":              true,
		"echo {} $x":          true,
		"cd {}":               true,
	} {
		l, err := local(t, sup, Spec{}, template.Spec{Command: []string{script}})
		if err != nil {
			t.Fatal(err)
		}
		if l.StartsProcesses() != want {
			t.Errorf("%s: %v", script, l.StartsProcesses())
		}
		if n := l.FilesPerJob(); n < 6 {
			t.Errorf("%s: %d descriptors", script, n)
		}
	}
	for word, want := range map[string]bool{"echo": false, "true": false, "cat": true, "/bin/echo": true} {
		l, err := local(t, sup, Spec{}, template.Spec{Command: []string{word, "{}"}})
		if err != nil || l.StartsProcesses() != want {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// TestShellIsNeeded: a script whose meaning is changed by the environment is left to the shell.
func TestShellIsNeeded(t *testing.T) {
	sup := newSupervisor(t)
	for _, tt := range []struct {
		environ string
		script  string
		native  bool
	}{
		{"X=y", "cat {} && echo {}", true},
		{"BASH_ENV=/dev/null", "cat {}", false},
		{"SHELLOPTS=pipefail", "cat {}", false},
		{"BASHOPTS=xpg_echo", "echo {} x", false},
		{"POSIXLY_CORRECT=1", "cat {}", false},
		{"BASH_FUNC_cat%%=() { echo mine; }", "cat {}", false},
		{"BASH_FUNC_cat%%=() { echo mine; }", "cat {} | cat", false},
		{"BASH_FUNC_echo%%=() { /bin/echo mine; }", "echo {} x", false},
		{"BASH_FUNC_true%%=() { echo mine; }", "true {}", false},
		{"BASH_FUNC_other%%=() { echo mine; }", "cat {}", true},
		{"BASH_FUNC_missing-command%%=() { echo mine; }", "missing-command {}", false},
	} {
		l, err := local(t, sup, Spec{Environ: environ(tt.environ)}, template.Spec{Command: []string{tt.script}})
		if err != nil || (l.plan != nil) != tt.native {
			t.Errorf("%s: %s: native is %v, %v", tt.environ, tt.script, err == nil && l.plan != nil, err)
		}
	}
	got := run(t, t.Context(), sup, Spec{Environ: environ("BASH_FUNC_greet%%=() { echo \"hello $1\"; }")},
		template.Spec{Command: []string{"greet {} | cat"}}, "it em")
	if got.out != "hello it em\n" {
		t.Errorf("an exported function: %+v", got)
	}
	// The program form runs programs.
	_, err := local(t, sup, Spec{Environ: environ("BASH_FUNC_greet%%=() { :; }")}, template.Spec{Command: []string{"greet", "{}"}})
	if err == nil || !strings.Contains(err.Error(), "fanout 'greet {}'") {
		t.Errorf("%v", err)
	}
	_, err = local(t, sup, Spec{}, template.Spec{Command: []string{"cd", "{}"}})
	if err == nil || !strings.Contains(err.Error(), "builtin") {
		t.Errorf("%v", err)
	}
}

// TestOutcomes: a job that is one command has that command's outcome.
func TestOutcomes(t *testing.T) {
	sup := newSupervisor(t)
	dir := fixture(t)
	for _, tt := range []struct {
		command []string
		item    string
		want    string
	}{
		{[]string{"true"}, "x", "exit 0"},
		{[]string{"sh", "-c", "exit 3"}, "x", "exit 3"},
		{[]string{"sh", "-c", "kill -9 $$"}, "x", "killed by SIGKILL"},
		{[]string{"sh -c 'kill -9 $$' {}"}, "x", "killed by SIGKILL"},
		{[]string{"{}", "x"}, "missing-command", "not found: missing-command"},
		{[]string{"{}", "x"}, "./missing", "not found: ./missing"},
		{[]string{"{}", "x"}, "./folder", "not executable: ./folder: permission denied, or a directory"},
		{[]string{"{}", "x"}, "./hashbang", "exit 5"},
		{[]string{"./{}"}, "script", "exit 6"},
		{[]string{"cat", "{}"}, "nul\x00", "not started: item \"nul\\x00\": an argument cannot hold a NUL byte; -0 is for items that end with NULs, as find -print0 writes them; use --pipe to give items on standard input"},
	} {
		got := run(t, t.Context(), sup, Spec{Dir: dir}, template.Spec{Command: tt.command}, tt.item)
		if got.status.String() != tt.want {
			t.Errorf("%q %q: %v, want %s", tt.command, tt.item, got.status, tt.want)
		}
	}
	huge := strings.Repeat("x", 1<<20)
	for _, command := range [][]string{{"cat", "{}"}, {"cat {}"}, {"cat {} $x"}, {"A={} cat"}} {
		got := run(t, t.Context(), sup, Spec{Dir: dir}, template.Spec{Command: command}, huge)
		if text := got.status.String(); got.status.Err == nil || !strings.Contains(text, `item "xxx`) || !strings.Contains(text, "--pipe") || len(text) > 300 {
			t.Errorf("%q: %.400v", command, got.status)
		}
	}
}

// TestUsage: the usage of all processes of a job is counted.
func TestUsage(t *testing.T) {
	sup := newSupervisor(t)
	got := run(t, t.Context(), sup, Spec{}, template.Spec{Command: []string{"sh -c 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done' | cat; true {}"}}, "x")
	if u := got.status.Usage; u.User <= 0 || u.Wall < u.User/4 || u.Wall > patient || u.MaxRSS <= 0 {
		t.Errorf("%+v", u)
	}
}

// TestStop: jobs are stopped in the middle of whatever they do.
func TestStop(t *testing.T) {
	sup := newSupervisor(t)
	for _, script := range []string{
		"sleep 1000", "sleep 1000 | cat", "sleep 1000; echo no", "sleep 1000 || echo no", "cat | sleep 1000", "echo a | sleep 1000",
		"cat <ff", "echo a >ff", "cat <ff | cat", "cat in >ff; echo no", "sleep 1000 && exit 3", "while true; do :; done",
	} {
		dir := fixture(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		began := time.Now()
		got := run(t, ctx, sup, Spec{Dir: dir}, template.Spec{Command: []string{script + "\n"}, Pipe: true})
		if got.status.String() != "stopped" || strings.Contains(got.out, "no") || time.Since(began) > patient/2 {
			t.Errorf("%s: %v after %v, %q", script, got.status, time.Since(began), got.out)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := run(t, ctx, sup, Spec{}, template.Spec{Command: []string{"echo {}"}}, "x"); got.status.String() != "stopped" || got.out != "" {
		t.Errorf("%+v", got)
	}
}
