package execute

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template"
	"fanout/internal/testkit"
)

// items has items that would do harm, or change, if they were read as anything else than one argument.
const items = "../../testdata/items.txt"

// contexts are commands that print the item with a NUL after it.
var contexts = []struct {
	form    string // program, native or shell
	command []string
	before  string // printed before and after the item in the same argument
	after   string
}{
	{"program", []string{"./probe", "{}"}, "", ""},
	{"program", []string{"./probe", "a{}b"}, "a", "b"},
	{"program", []string{"./probe", "--x={}"}, "--x=", ""},
	{"program", []string{"./probe"}, "", ""},
	{"program", []string{"sh", "-c", `printf '%s\0' "$1"`, "sh", "{}"}, "", ""},
	{"program", []string{"env", "A={}", "sh", "-c", `printf '%s\0' "$A"`}, "", ""},
	{"native", []string{"./probe {}"}, "", ""},
	{"native", []string{`./probe "{}"`}, "", ""},
	{"native", []string{`./probe '{}'`}, "", ""},
	{"native", []string{`./probe a{}b`}, "a", "b"},
	{"native", []string{`./probe 'a b{}c d'`}, "a b", "c d"},
	{"native", []string{`A={} sh -c 'printf "%s\0" "$A"'`}, "", ""},
	{"native", []string{`./probe {} | cat`}, "", ""},
	{"native", []string{`true && ./probe {} || echo no`}, "", ""},
	{"native", []string{`./probe {} >out; cat out`}, "", ""},
	{"native", []string{`echo x{} | tr '\n' '\000'`}, "x", ""},
	{"shell", []string{`./probe {}; : $(true)`}, "", ""},
	{"shell", []string{`./probe "{}" $x`}, "", ""},
	{"shell", []string{`./probe '{}' $x`}, "", ""},
	{"shell", []string{`./probe $'a{}b'`}, "a", "b"},
	{"shell", []string{`x={}; ./probe "$x"`}, "", ""},
	{"shell", []string{`for i in {}; do ./probe "$i"; done`}, "", ""},
	{"shell", []string{`if true; then ./probe {}; fi`}, "", ""},
	{"shell", []string{`(./probe {})`}, "", ""},
	{"shell", []string{`[[ {} == {} ]] && ./probe {}`}, "", ""},
	{"shell", []string{`case {} in {}) ./probe {} ;; esac`}, "", ""},
	{"shell", []string{`f() { ./probe "$1"; }; f {}`}, "", ""},
	{"shell", []string{`f() { ./probe {}; }; f other`}, "", ""},
	{"shell", []string{`sh -c './probe "$1"' sh {}; : $x`}, "", ""},
	{"shell", []string{`eval ./probe {:q}`}, "", ""},
	{"shell", []string{`./probe "${u:-{}}"`}, "", ""},
	{"shell", []string{`x=({}); ./probe "${x[0]}"`}, "", ""},
	{"shell", []string{"cat <<E | head -c -1; printf '\\0'\n{}\nE"}, "", ""},
	{"shell", []string{"cat <<'E' | head -c -1; printf '\\0'\n{}\nE"}, "", ""},
	{"shell", []string{`printf %s "$(printf %s. {})" | head -c -1; printf '\0'`}, "", ""},
}

// TestInjection: an item arrives byte for byte in every context, and nothing of it is ever run.
func TestInjection(t *testing.T) {
	testkit.Slow(t)
	findBash(t)
	hostile := testkit.HostileItems(t, items)
	if len(hostile) < 50 {
		t.Errorf("only %d items", len(hostile))
	}
	sup := newSupervisor(t)
	dir := fixture(t)
	for _, c := range contexts {
		l, err := local(t, sup, Spec{Dir: dir}, template.Spec{Command: c.command})
		if err != nil {
			t.Fatalf("%q: %v", c.command, err)
		}
		if (l.plan == nil) != (c.form == "shell") || (l.tmpl.Form() == template.ProgramForm) != (c.form == "program") {
			t.Errorf("%q: not %s", c.command, c.form)
		}
		for _, item := range hostile {
			inject(t, l, c.command, item, c.before+item+c.after+"\x00")
			if _, err := os.Stat(filepath.Join(dir, "CANARY")); err == nil {
				t.Errorf("%q with %q: code was run", c.command, item)
				os.Remove(filepath.Join(dir, "CANARY"))
			}
		}
	}
}

func inject(t *testing.T, l *Local, command []string, item, want string) {
	t.Helper()
	if strings.HasPrefix(command[0], "echo ") {
		want = strings.ReplaceAll(want, "\n", "\x00") // tr does so, too
	}
	var out, errs bytes.Buffer
	st := l.Run(t.Context(), newJob(item), job.Output{Stdout: &out, Stderr: &errs})
	if out.String() != want || !st.OK() {
		t.Errorf("%q with %q: %q, want %q; %v; %s", command, item, &out, want, st, &errs)
	}
}

// TestBatchInjection is TestInjection with all items at once.
func TestBatchInjection(t *testing.T) {
	findBash(t)
	sup := newSupervisor(t)
	dir := fixture(t)
	hostile := testkit.HostileItems(t, items)
	want := strings.Join(hostile, "\x00") + "\x00"
	for _, command := range [][]string{
		{"./probe", "{}"}, {"./probe"}, {"./probe {}"}, {"./probe {} | cat"}, {"./probe {} $x"}, {"for i in {}; do ./probe \"$i\"; done"}, {"f() { ./probe {}; }; f"},
	} {
		got := run(t, t.Context(), sup, Spec{Dir: dir}, template.Spec{Command: command, Batch: template.BatchMax}, hostile...)
		if got.out != want || !got.status.OK() {
			t.Errorf("%q: %.200q, %v, %s", command, got.out, got.status, got.errs)
		}
	}
	var stdin strings.Builder
	for _, item := range hostile {
		stdin.WriteString(item + "\n")
	}
	for _, command := range [][]string{{"cat"}, {"cat | cat"}, {"cat $x"}} {
		got := run(t, t.Context(), sup, Spec{Dir: dir, Pipe: true}, template.Spec{Command: command, Batch: template.BatchMax, Pipe: true}, hostile...)
		if got.out != stdin.String() || !got.status.OK() {
			t.Errorf("%q: %.200q, %v, %s", command, got.out, got.status, got.errs)
		}
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*CANARY*")); len(names) > 0 {
		t.Errorf("code was run: %q", names)
	}
}

// TestHostileTargets: an item in the place of a file name is nothing but a file name.
func TestHostileTargets(t *testing.T) {
	testkit.Slow(t)
	findBash(t)
	sup := newSupervisor(t)
	for _, item := range testkit.HostileItems(t, items) {
		if item == "" || strings.ContainsAny(item, "/") || item == "." {
			continue
		}
		for _, script := range []string{"echo text >{}", "cat in >{}", "echo text >{} $x"} {
			dir := fixture(t)
			got := run(t, t.Context(), sup, Spec{Dir: dir}, template.Spec{Command: []string{script}}, item)
			text, err := os.ReadFile(filepath.Join(dir, item))
			if err != nil || len(text) == 0 || !got.status.OK() {
				t.Errorf("%s with %q: %q, %v, %v", script, item, text, err, got.status)
			}
			if _, err := os.Stat(filepath.Join(dir, "CANARY")); err == nil {
				t.Errorf("%s with %q: code was run", script, item)
			}
		}
	}
}

// TestOwnDescriptors: an item that names a descriptor gets the job's, and never one of fanout's own.
func TestOwnDescriptors(t *testing.T) {
	sup := newSupervisor(t)
	for _, item := range []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"} {
		for _, script := range []string{"echo text >{}", "cat in >{}", "cat in >>{}", "echo text >{} | cat", "echo text >{}; cat in"} {
			dir := fixture(t)
			native := run(t, t.Context(), sup, Spec{Dir: dir}, template.Spec{Command: []string{script}}, item)
			shell := run(t, t.Context(), sup, Spec{Dir: dir, ShellForced: true}, template.Spec{Command: []string{script}}, item)
			if native.out != shell.out || native.code() != shell.code() {
				t.Errorf("%s with %s: %q %d, in the shell %q %d", script, item, native.out, native.code(), shell.out, shell.code())
			}
		}
	}
	for _, item := range []string{"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"} {
		got := run(t, t.Context(), sup, Spec{Pipe: false}, template.Spec{Command: []string{"cat <{}"}}, item)
		if got.out != "" || !got.status.OK() {
			t.Errorf("%s: %q, %v", item, got.out, got.status)
		}
	}
}
