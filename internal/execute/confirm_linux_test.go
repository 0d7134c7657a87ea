package execute

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"fanout/internal/template"
	"fanout/internal/testkit"
)

const confirmItem = "it em"

// ended is how a script has ended.
type ended struct {
	out   string
	code  int
	errs  bool   // it printed to standard error
	text  string // what it printed there
	files string
}

// reference runs the script in bash itself.
func reference(t *testing.T, bash, script, stdin string) ended {
	t.Helper()
	dir := fixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "-c", strings.ReplaceAll(script, "{}", `"$1"`), "bash", confirmItem)
	if strings.Contains(script, `'{}'`) || strings.Contains(script, `"{}"`) {
		cmd.Args[2] = strings.NewReplacer(`'{}'`, `"$1"`, `"{}"`, `"$1"`, `{}`, `"$1"`).Replace(script)
	}
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(environ(), "PWD="+dir), &out, &errs
	cmd.Stdin = strings.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s hangs in bash", script)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", script, err)
	}
	code := cmd.ProcessState.ExitCode()
	if code < 0 {
		code = 128 + int(cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	}
	return ended{out.String(), code, errs.Len() > 0, errs.String(), snapshot(t, dir)}
}

// TestConfirm: natively, in our shell and in bash itself, scripts print the same bytes, write the same files and end
// with the same status.
func TestConfirm(t *testing.T) {
	testkit.Slow(t)
	bash := findBash(t)
	sup := newSupervisor(t)
	if len(confirmed) < 120 {
		t.Errorf("only %d scripts", len(confirmed))
	}
	for _, c := range confirmed {
		t.Run(c.script, func(t *testing.T) {
			want := reference(t, bash, c.script, "")
			for _, forced := range []bool{false, true} {
				dir := fixture(t)
				ctx, cancel := context.WithTimeout(t.Context(), patient/2)
				defer cancel()
				items := []string{}
				command := template.Spec{Command: []string{c.script + "\n"}} // with a blank: a script
				if strings.Contains(c.script, "{}") {
					items = append(items, confirmItem)
				} else {
					command.Pipe = true
				}
				spec := Spec{Dir: dir, ShellForced: forced}
				if l, err := local(t, sup, spec, command); err == nil && !forced && c.how != either && (l.plan != nil) != (c.how == native) {
					t.Errorf("native is %v", l.plan != nil)
				}
				got := run(t, ctx, sup, spec, command, items...)
				if ctx.Err() != nil {
					t.Errorf("forced %v: hangs", forced)
					continue
				}
				if got.out != want.out || got.code() != want.code {
					t.Errorf("forced %v: %q and %d, bash: %q and %d; stderr %q", forced, got.out, got.code(), want.out, want.code, got.errs)
				}
				isCommandError := got.status.Err != nil // the summary tells it
				if (got.errs != "" || isCommandError) != want.errs && got.status.Signal == 0 && !strings.Contains(c.script, "kill") {
					t.Errorf("forced %v: stderr %q, bash prints some: %v", forced, got.errs, want.errs)
				}
				if files := snapshot(t, dir); files != want.files {
					t.Errorf("forced %v: files\n%s\nbash:\n%s", forced, files, want.files)
				}
			}
		})
	}
}

// TestConfirmStdin is TestConfirm with items on standard input.
func TestConfirmStdin(t *testing.T) {
	testkit.Slow(t)
	bash := findBash(t)
	sup := newSupervisor(t)
	big := strings.Repeat("0123456789\n", 30_000)
	for _, c := range []struct {
		how    way
		script string
	}{
		{native, `cat`}, {native, `cat -`}, {native, `cat | tr a-z A-Z`}, {native, `head -n 1`}, {native, `wc -c | cat`}, {native, `cat <in`},
		{native, `cat <in | cat`}, {native, `echo a | cat`}, {native, `true | cat`}, {native, `cat | true`}, {native, `cat | head -c 5`}, {native, `cat >out`},
		{native, `echo hi`}, {native, `false`}, {native, `cat <missing`}, {native, `sh -c 'head -c 3; exit 4'`}, {native, `cat | cat | wc -l`}, {native, `cat |& cat`},
		{shell, `cat; echo end`}, {shell, `head -n 1; echo end`}, {shell, `read x; echo "$x"`}, {shell, `sh -c 'read x; echo $x'; sh -c 'read x; echo $x'`},
		{shell, `true && cat`}, {shell, `while read x; do echo "<$x>"; done | head -n 3`},
	} {
		for _, stdin := range []string{"", "alpha\nbeta\n", big} {
			want := reference(t, bash, c.script, stdin)
			for _, forced := range []bool{false, true} {
				dir := fixture(t)
				spec := Spec{Dir: dir, ShellForced: forced, Pipe: true}
				command := template.Spec{Command: []string{c.script + "\n"}, Pipe: true}
				if l, err := local(t, sup, spec, command); err == nil && !forced && (l.plan != nil) != (c.how == native) {
					t.Errorf("%s: native is %v", c.script, l.plan != nil)
				}
				var items []string
				if stdin != "" {
					items = strings.Split(strings.TrimSuffix(stdin, "\n"), "\n")
				}
				got := run(t, t.Context(), sup, spec, command, items...)
				if got.out != want.out || got.code() != want.code || snapshot(t, dir) != want.files {
					t.Errorf("%s, %d bytes, forced %v: %.60q and %d, bash: %.60q and %d; %s", c.script, len(stdin), forced, got.out, got.code(), want.out, want.code, got.errs)
				}
			}
		}
	}
}
