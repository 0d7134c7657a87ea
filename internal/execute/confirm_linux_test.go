package execute

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/template"
)

// way is how a script is meant to be run.
type way uint8

const (
	either way = iota // it does not matter
	native
	shell
)

// confirmed are scripts that do the same natively, in the shell that fanout
// starts, and in bash itself. {} is the item "it em".
var confirmed = []struct {
	how    way
	script string
}{
	// pipelines
	{native, `cat in | head -n 1`},
	{native, `cat in | cat | cat`},
	{native, `cat in | tr a-z A-Z | sort | head -n 2`},
	{native, `yes | head -n 3`},
	{native, `yes | head -n 1 | cat`},
	{native, `yes | cat | head -n 1`},
	{native, `yes | true`},
	{native, `yes | echo done`},
	{native, `sh -c 'exit 3' | cat`},
	{native, `cat in | sh -c 'cat; exit 4'`},
	{native, `sh -c 'exit 3' | sh -c 'exit 0'`},
	{native, `sh -c 'exit 0' | sh -c 'exit 7'`},
	{native, `echo a | cat`},
	{native, `echo a | echo b`},
	{native, `echo a | echo b | cat`},
	{native, `echo a | cat | echo b`},
	{native, `cat in | echo b`},
	{native, `true | false`},
	{native, `false | true`},
	{native, `: | cat`},
	{native, `cat in | :`},
	{native, `cat in | false | cat`},
	{native, `echo a | true`},
	{native, `true | echo a | false`},
	{native, `seq 100000 | tail -n 1`},
	{native, `seq 100000 | head -n 1`},
	{native, `seq 100000 | wc -c`},
	{native, `cat in |& cat`},
	{native, `cat missing |& wc -l`},
	{native, `cat missing 2>&1 | wc -l`},
	{native, `echo a |& cat`},
	{native, `sh -c 'echo o; echo e >&2' | cat`},
	{native, `sh -c 'echo o; echo e >&2' |& sort`},
	{native, `cat missing | cat`},
	{native, `cat in | cat missing`},
	{native, `cat {} 2>/dev/null | wc -l`},
	{native, `echo {} | cat`},
	{native, `echo {} | wc -c | tr -d ' '`},

	// lists
	{native, `true && echo a`},
	{native, `false && echo a`},
	{native, `true || echo a`},
	{native, `false || echo a`},
	{native, `false && echo a || echo b`},
	{native, `true || echo a && echo b`},
	{native, `false || false || echo c`},
	{native, `true && true && false`},
	{native, `false && true; echo a`},
	{native, `echo a; echo b`},
	{native, `echo a;`},
	{native, `false; true`},
	{native, `true; false`},
	{native, "echo a\necho b"},
	{native, "\n\necho a\n\n# remark\nfalse\n"},
	{native, `sh -c 'exit 9'; echo a`},
	{native, `echo a; sh -c 'exit 9'`},
	{native, `sh -c 'exit 9' || echo a`},
	{native, `sh -c 'exit 9' && echo a`},
	{native, `cat missing || echo b`},
	{native, `echo a && cat missing || echo b`},
	{native, `cat in | false && echo no || echo yes`},
	{native, `false | true && echo yes`},
	{native, `/bin/echo a; /bin/echo b`},
	{native, `echo a; /bin/echo b; echo c`},
	{native, `/bin/echo a && echo b | cat && echo c`},
	{native, `sh -c 'echo a; echo x >&2'; echo b; sh -c 'echo c'`},
	{shell, `! false`},
	{shell, `! echo a`},
	{shell, `(echo a; exit 3)`},
	{shell, `{ echo a; echo b; } | cat`},
	{shell, `if true; then echo a; fi`},
	{shell, `false & wait $!`},
	{shell, `sleep 0 & echo a; wait`},

	// redirections
	{native, `cat <in`},
	{native, `cat 0<in`},
	{native, `cat <in >out`},
	{native, `cat >out <in`},
	{native, `<in cat >out`},
	{native, `echo a >out`},
	{native, `>out echo a`},
	{native, `echo >out a b`},
	{native, `echo a 1>out`},
	{native, `echo a >>out`},
	{native, `echo a >in`},
	{native, `echo a >>in`},
	{native, `echo a >out; echo b >>out; cat out`},
	{native, `echo a >out; cat <out; cat out >out2`},
	{native, `cat in >out 2>&1`},
	{native, `sh -c 'echo o; echo e >&2' >out 2>&1`},
	{native, `sh -c 'echo o; echo e >&2' 2>&1 >out`},
	{native, `sh -c 'echo o; echo e >&2' &>out`},
	{native, `sh -c 'echo o; echo e >&2' &>>in`},
	{native, `sh -c 'echo o; echo e >&2' 2>err`},
	{native, `sh -c 'echo o; echo e >&2' 2>>in`},
	{native, `sh -c 'echo o; echo e >&2' >&2`},
	{native, `sh -c 'echo o; echo e >&2' 1>&2`},
	{native, `sh -c 'echo o; echo e >&2' 2>&1`},
	{native, `sh -c 'echo o; echo e >&2' 2>out >&2`},
	{native, `sh -c 'echo o; echo e >&2' >a >b`},
	{native, `sh -c 'echo o; echo e >&2' >a 2>b >c`},
	{native, `sh -c 'echo o; echo e >&2' >a 2>a`},
	{native, `sh -c 'echo o; echo e >&2' >out 2>&1 >out2`},
	{native, `sh -c 'echo o; echo e >&2' 2>&1 1>&2`},
	{native, `sh -c 'echo o; echo e >&2' >&2 2>out`},
	{native, `sh -c 'echo o; echo e >&2' 2>&1 >/dev/null | cat`},
	{native, `sh -c 'echo o; echo e >&2' 2>&1 | sort`},
	{native, `sh -c 'echo o; echo e >&2' >/dev/null 2>&1 | wc -c`},
	{native, `echo a >&2`},
	{native, `echo a 2>&1`},
	{native, `echo a >out 2>&1`},
	{native, `echo a 2>&1 >out`},
	{native, `echo a >&2 2>/dev/null`},
	{native, `echo a 2>/dev/null >&2`},
	{native, `echo a 2>err >&2`},
	{native, `echo a &>out`},
	{native, `echo a &>>in`},
	{native, `true >out`},
	{native, `: >out`},
	{native, `: >in`},
	{native, `false >out`},
	{native, `false >out || echo b`},
	{native, `cat <in | tr a-z A-Z >out`},
	{native, `cat in >out | cat`},
	{native, `echo a >out | cat`},
	{native, `echo a 2>&1 >out | cat`},
	{native, `echo a >&2 | cat`},
	{native, `echo a >&2 2>&1 | cat`},
	{native, `echo a 2>&1 | cat`},
	{native, `echo a | cat <in`},
	{native, `echo a | cat >out`},
	{native, `echo {} >{}.txt`},
	{native, `cat <in >>{}; cat {}`},
	{native, `cat <'with space'`},
	{native, `echo a >"out file"`},
	{native, `cat </dev/null`},
	{native, `cat <in <plain`},
	{native, `echo a >link/../out`},
	{native, `cat <link/../in`},
	{native, `cat link/../in`},
	{native, `cat <missing/../in`},
	{native, `echo a >folder/../out`},
	{shell, `cat <<<word`},
	{shell, "cat <<E\ntext\nE"},
	{shell, `echo a >|out`},
	{shell, `cat in 3>out`},
	{shell, `cat <&0`},
	{shell, `echo a >/dev/stdout`},
	{shell, `echo a >/dev/stderr`},
	{shell, `echo a >/dev/fd/1`},
	{shell, `sh -c 'echo e >&2' 2>&-`},
	{shell, `>out`},

	// failed redirections
	{native, `cat <missing`},
	{native, `echo a >folder`},
	{native, `echo a >missing/x`},
	{native, `cat in >missing/x`},
	{native, `cat in >plain/x`},
	{native, `echo a <missing`},
	{native, `echo a >>folder`},
	{native, `echo a 2>missing/x`},
	{native, `cat <missing || echo b`},
	{native, `cat <missing && echo b`},
	{native, `cat <missing; echo b`},
	{native, `cat <missing >out; cat in`},
	{native, `cat >out <missing; cat out`},
	{native, `cat <missing | cat`},
	{native, `cat <missing | echo b`},
	{native, `echo a | cat <missing`},
	{native, `echo a | cat <missing | cat`},
	{native, `yes | cat <missing`},
	{native, `cat in | cat >missing/x`},
	{native, `true <missing`},
	{native, `: >missing/x || echo b`},
	{native, `echo a >folder || echo b`},
	{native, `cat <folder`},
	{shell, `echo a >''`},

	// a device that is full, one that takes all
	{native, `echo a >/dev/full`},
	{native, `cat in >/dev/full`},
	{native, `echo a >/dev/full || echo b`},
	{native, `echo a >/dev/full && echo b`},
	{native, `echo a | cat >/dev/full`},
	{native, `echo a >/dev/full | cat`},
	{native, `echo a >/dev/null`},
	{native, `true >/dev/full`},
	{native, `echo -n >/dev/full`},
	{native, `head -c 1000 /dev/zero`},

	// named pipes
	{either, `echo hi >ff | cat ff`},
	{either, `echo hi >ff | cat <ff`},
	{either, `cat in >ff | cat <ff`},
	{either, `cat ff | echo hi >ff`},
	{either, `cat <ff | echo hi >ff`},
	{either, `cat <ff | cat in >ff`},
	{either, `yes >ff | head -n 2 ff`},
	{either, `seq 50000 >ff | tail -n 1 ff`},
	{either, `cat ff | seq 500 >ff`},
	{either, `sh -c 'cat ff >got' | echo hi >ff; cat got`},

	// commands that are missing or cannot be executed
	{shell, `missing-command; echo a`},
	{shell, `missing-command || echo a`},
	{shell, `missing-command && echo a`},
	{shell, `echo a | missing-command`},
	{shell, `missing-command | cat`},
	{shell, `echo a; missing-command`},
	{either, `missing-command`},
	{either, `missing-command {}`},
	{either, `./missing`},
	{either, `./missing || echo a`},
	{either, `./plain`},
	{either, `./plain || echo a`},
	{either, `./plain | cat`},
	{either, `./folder`},
	{either, `./folder || echo a`},
	{either, `./in/x`},
	{either, `./in/x || echo a`},
	{native, `./script`},
	{native, `./script a {}`},
	{native, `./script || echo a`},
	{native, `./script | cat`},
	{native, `./hashbang a`},
	{native, `./hashbang a | cat`},
	{native, `./hashbang || echo a`},
	{either, `./badbang`},
	{either, `./badbang || echo a`},
	{either, `./badbang | cat`},
	{either, `./junk`},
	{either, `./junk || echo a`},
	{native, `./empty`},
	{native, `./empty && echo a`},
	{either, `./missing/../in`},

	// signals
	{native, `sh -c 'kill -9 $$'`},
	{native, `sh -c 'kill -9 $$'; echo a`},
	{native, `sh -c 'kill -9 $$' || echo a`},
	{native, `sh -c 'kill -9 $$' && echo a`},
	{native, `sh -c 'kill -9 $$' | cat`},
	{native, `cat in | sh -c 'cat; kill -15 $$'`},
	{native, `sh -c 'kill -1 $$' || sh -c 'kill -2 $$'`},

	// assignments
	{native, `A=1 sh -c 'echo $A'`},
	{native, `A=1 B='x y' sh -c 'echo "$A$B"'`},
	{native, `A=1 A=2 sh -c 'echo $A'`},
	{native, `A= sh -c 'echo "[$A]"'`},
	{native, `A=1 sh -c 'echo $A' | cat`},
	{native, `A=1 cat in`},
	{native, `A={} sh -c 'echo "$A"'`},
	{native, `A=x{}y B="{}" sh -c 'echo "$A$B"'`},
	{native, `HOME=/x sh -c 'echo $HOME'; sh -c 'echo $HOME'`},
	{native, `A=1 sh -c 'echo $A' >out; cat out`},
	{native, `A=1 ./script {}`},
	{shell, `A=1 echo x`},
	{shell, `A=1 true`},
	{shell, `A=1; echo "$A"`},
	{shell, `PATH=/nowhere cat in`},
	{shell, `A=$HOME sh -c 'echo $A'`},

	// echo and the other builtins
	{native, `echo {}`},
	{native, `echo`},
	{native, `echo -n`},
	{native, `echo -n a`},
	{native, `echo -nn a`},
	{native, `echo -e 'a\tb'`},
	{native, `echo -E 'a\tb'`},
	{native, `echo -en 'a\n'`},
	{native, `echo -neE 'a\n'`},
	{native, `echo -eE 'a\tb'`},
	{native, `echo -Ee 'a\tb'`},
	{native, `echo -x a`},
	{native, `echo - a`},
	{native, `echo -- a`},
	{native, `echo -nx a`},
	{native, `echo -n -e 'a\n'`},
	{native, `echo -e a -n`},
	{native, `echo '' a`},
	{native, `echo a ''`},
	{native, `echo '-n' a`},
	{native, `echo a   b`},
	{native, `echo 'a   b'`},
	{native, `echo "a\tb"`},
	{native, `echo --help`},
	{native, `true --help`},
	{native, `false --help`},
	{native, `true a b >out`},
	{native, `: a b`},

	// words
	{native, `echo 'single' "double" mixed'x'"y"z`},
	{native, `echo \* \? \$ \~ \; \| \&`},
	{native, `echo "a'b" 'a"b'`},
	{native, `echo a\\b a\ b`},
	{native, "echo a\\\nb"},
	{native, `echo "a\\b\"c\$d"`},
	{native, `echo a#b "#" # remark`},
	{native, `echo = a=b == !`},
	{native, `echo a, b,c`},
	{native, `echo {foo} { }`},
	{native, `echo "{a,b}" '{1..3}'`},
	{native, `echo "*" '?' "[a]" '~'`},
	{native, `echo é "日本" 'ü'`},
	{native, `echo {}{} "{}" '{}' a{}b`},
	{shell, `echo $HOME`},
	{shell, `echo "$HOME"`},
	{shell, `echo ~`},
	{shell, `echo a:~`},
	{shell, `echo *`},
	{shell, `echo i?`},
	{shell, `echo [i]n`},
	{shell, `echo {a,b}`},
	{shell, `echo {1..3}`},
	{shell, `echo $(echo a)`},
	{shell, "echo `echo a`"},
	{shell, `echo $((1+1))`},
	{shell, `echo $'a\tb'`},
	{shell, `echo $"a"`},
	{shell, `cat <(echo a)`},
	{shell, `cd folder && cat ../in`},
	{shell, `printf '%s\n' a`},
	{shell, `test -f in && echo yes`},
	{shell, `[ -f in ] && echo yes`},
	{shell, `exec cat in`},
	{shell, `exit 3`},
	{shell, `pwd >/dev/null`},
	{shell, `type cat >/dev/null`},
	{shell, `eval echo a`},
	{shell, `time true 2>/dev/null`},
	{shell, `f() { echo f; }; f`},
	{shell, `command cat in`},
	{shell, `read x <in; echo "$x"`},
	{shell, `set -e; false; echo a`},
	{shell, `for i in 1 2; do echo $i; done`},
}

const confirmItem = "it em"

// ended is what a script has come to.
type ended struct {
	out   string
	code  int
	errs  bool // something was printed to standard error
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
	return ended{out.String(), code, errs.Len() > 0, snapshot(t, dir)}
}

// TestConfirm: natively, in our shell and in bash itself, scripts print the same
// bytes, write the same files and end with the same status.
func TestConfirm(t *testing.T) {
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
				isCommandError := got.status.Err != nil // it is told by the summary
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

// TestConfirmStdin is the same with items on standard input.
func TestConfirmStdin(t *testing.T) {
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

// TestEcho confirms what echo -e makes of escapes, all at once.
func TestEcho(t *testing.T) {
	bash := findBash(t)
	args := []string{
		``, `a`, `\`, `\\`, `\\\`, `\a`, `\b`, `\e`, `\E`, `\f`, `\n`, `\r`, `\t`, `\v`, `\'`, `\"`, `\?`, `\z`, `\ `, `\1`, `\12`, `\123`,
		`\0`, `\01`, `\012`, `\0123`, `\01234`, `\0377`, `\0400`, `\0777`, `\08`, `\0a`, `\x`, `\x4`, `\x41`, `\x412`, `\xg`, `\xFF`, `\xff`, `\xAg`,
		`\u`, `\u4`, `\u41`, `\u041`, `\u0041`, `\u00410`, `\u00e9`, `\u20ac`, `\u20AC`, `\ug`, `\ud7ff`, `\ue000`, `\uffff`, `\u0`, `\x00`, `\x0`,
		`\U`, `\U41`, `\U1F600`, `\U0001F600`, `\U0001F6001`, `\U10FFFF`, `\Ug`, `\U000000e9`,
		`a\nb\tc`, `\\n`, `\\\n`, `%s`, `é\té`, "\xff\\t\xfe", `a\`, `-n`, `a\c`, `a\cb`, `\c`,
		"\u00e9\\x41", `\x41\x42`, `\u0041\u0042`, `\60`, `\061`, `\x3`, `\cx`, `\x7f`, `\0177`, `\u7f`, `\u80`, `\u7ff`, `\u800`, `\U7f`, `\U80`,
	}
	for _, locale := range []string{"C.UTF-8", "C"} {
		for _, options := range [][]string{{"-e"}, {"-en"}, {"-E"}, {}, {"-n", "-e"}} {
			for _, arg := range args {
				if locale == "C" && (strings.Contains(arg, `\u`) || strings.Contains(arg, `\U`)) {
					continue // there bash cannot print most characters
				}
				for _, words := range [][]string{{arg}, {"x", arg, "y"}} {
					words = append(options, words...)
					cmd := exec.Command(bash, append([]string{"-c", `echo "$@"`, "bash"}, words...)...)
					cmd.Env = []string{"LC_ALL=" + locale}
					want, err := cmd.Output()
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := builtin([]byte("before "), "echo", words); string(got) != "before "+string(want) {
						t.Errorf("%s: echo %q: %q, bash: %q", locale, words, got[7:], want)
					}
				}
			}
		}
	}
}

// TestStartsProcesses: what fanout can do by itself is done without any process.
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

// TestShellIsNeeded: what alters the meaning of a script is left to the shell.
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

// TestOutcomes: the outcome of a job that is one command is that
// command's own.
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
		{[]string{"{}", "x"}, "missing-command", "not started: missing-command: command not found"},
		{[]string{"{}", "x"}, "./missing", "not started: ./missing: command not found"},
		{[]string{"{}", "x"}, "./folder", "not started: ./folder: cannot be executed: permission denied, or a directory"},
		{[]string{"{}", "x"}, "./hashbang", "exit 5"},
		{[]string{"./{}"}, "script", "exit 6"},
		{[]string{"cat", "{}"}, "nul\x00", "not started: item \"nul\\x00\": an argument cannot hold a NUL byte; --pipe gives the item on stdin"},
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

// TestUsage: the cost of all processes of a job is counted.
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
