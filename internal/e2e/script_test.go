package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/cmd"
	"fanout/internal/process"
	"fanout/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() { runtime.LockOSThread() } // as main does

// TestMain makes the program "fanout" out of this test binary and puts it in front of PATH. So it is built once, with
// the race detector if the tests are.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", fastExit)
	testscript.Main(isolated{m}, map[string]func(){
		"fanout": func() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		"badssh": func() { os.Exit(badSSH()) },
		"refuse": func() { os.Exit(refuse()) },
	})
}

// testProgram is the variable with the absolute path of a fanout to test in place of this binary.
const testProgram = "FANOUT_TEST_PROGRAM"

// isolated runs the tests with their own registry of runs.
type isolated struct{ *testing.M }

func (s isolated) Run() int {
	dir, err := os.MkdirTemp("", "fanout-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chdir("../.."); err != nil { // to the root of the checkout
		panic(err)
	}
	os.Setenv("XDG_RUNTIME_DIR", dir)
	for _, name := range []string{"CI", "GITHUB_ACTIONS", "XDG_CONFIG_HOME"} {
		os.Unsetenv(name) // the tested programs must not see the environment of the tests
	}
	testkit.DefaultSignals()
	if program := os.Getenv(testProgram); program != "" {
		if err := useProgram(dir, program); err != nil {
			panic(err)
		}
	}
	return s.M.Run()
}

// useProgram puts another fanout in front of PATH.
func useProgram(dir, program string) error {
	folder := filepath.Join(dir, "bin")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	os.Setenv("PATH", folder+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return os.Symlink(program, filepath.Join(folder, "fanout"))
}

// fastExit keeps a program with the race detector from sleeping a second at its end.
const fastExit = "atexit_sleep_ms=0"

// waitLimit is how long a test waits for an event, on a loaded machine.
const waitLimit = 60 * time.Second

// TestScript runs the scripts, which describe the command line, one topic a file.
func TestScript(t *testing.T) { runScripts(t, nil) }

// TestScriptProcess runs the same scripts in process mode, which must make no difference.
func TestScriptProcess(t *testing.T) {
	testkit.Slow(t)
	runScripts(t, map[string]string{"FANOUT_MODE": "process", "FANOUT_WORKERS": strconv.Itoa(2 * runtime.NumCPU())})
}

func runScripts(t *testing.T, variables map[string]string) {
	runScriptsOf(t, "testdata/script", variables)
}

func runScriptsOf(t *testing.T, dir string, variables map[string]string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no scripts: %v", dir, err)
	}
	runScriptFiles(t, files, variables)
}

// slowScripts lists the scripts that take five seconds or more, mostly waiting.
func slowScripts() []string {
	return []string{"batch.txtar", "deadline.txtar", "lost.txtar", "persistent.txtar", "progress.txtar", "retries.txtar", "taken_back.txtar", "timeout.txtar", "workers_die.txtar"}
}

func runScriptFiles(t *testing.T, files []string, variables map[string]string) {
	examples, err := filepath.Abs("testdata/persistent")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			if slices.Contains(slowScripts(), filepath.Base(file)) {
				testkit.Slow(t)
			}
			runScript(t, file, scriptLimit, scriptParams(examples, variables))
		})
	}
}

func scriptParams(examples string, variables map[string]string) testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     true,
		Condition:           func(cond string) (bool, error) { return condition(variables, cond) },
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", fastExit)
			env.Setenv("EXAMPLES", examples)
			for name, value := range variables {
				env.Setenv(name, value)
			}
			env.Setenv("XDG_RUNTIME_DIR", filepath.Join(env.WorkDir, ".run"))
			return os.Mkdir(filepath.Join(env.WorkDir, ".run"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"is":        is,
			"isanyhow":  isAnyhow,
			"lastline":  lastLine,
			"put":       put,
			"gen":       gen,
			"slowpipe":  slowPipe,
			"samepaste": samePaste,
			"below":     below,
			"ends":      ends,
		},
	}
}

// condition evaluates the conditions of scripts, for lines that differ between modes and backends.
func condition(variables map[string]string, cond string) (bool, error) {
	switch cond {
	case "root":
		return os.Getuid() == 0, nil
	case "process":
		return variables["FANOUT_MODE"] == "process" || variables["FANOUT_BACKEND"] != "", nil
	case "remote":
		return variables["FANOUT_BACKEND"] != "", nil
	case "asked": // the backend starts workers on demand, when there are jobs
		return variables["FANOUT_BACKEND"] != "" && variables["FANOUT_BACKEND"] != "ssh", nil
	default:
		return false, fmt.Errorf("unknown condition %q", cond)
	}
}

// exits CODE PROGRAM ARG... runs a program as exec does and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		if got = exit.ExitCode(); got < 0 {
			got = 128 + int(exit.Sys().(syscall.WaitStatus).Signal()) // as a shell shows it
		}
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// text reads the escapes of Go: a\n, \x00.
func text(ts *testscript.TestScript, s string) string {
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		ts.Fatalf("%q: %v", s, err)
	}
	return out
}

// readFile reads a file, stdout or stderr, without the warning that an emulated fanout prints in each run.
func readFile(ts *testscript.TestScript, name string) string {
	text := ts.ReadFile(name)
	if says := ts.Getenv("EMULATED"); says != "" {
		text = strings.Replace(text, says, "", 1)
	}
	return text
}

// is FILE TEXT checks that the file, stdout or stderr is TEXT, byte for byte.
func is(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: is FILE TEXT")
	}
	got, want := readFile(ts, args[0]), text(ts, args[1])
	if (got == want) == neg {
		ts.Fatalf("%s is  %.2000q\nwant %.2000q", args[0], got, want)
	}
}

// isanyhow FILE TEXT checks the lines of the file, in any order.
func isAnyhow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: isanyhow FILE TEXT")
	}
	got := strings.SplitAfter(readFile(ts, args[0]), "\n")
	want := strings.SplitAfter(text(ts, args[1]), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		ts.Fatalf("the lines of %s are %.2000q\nwant %.2000q", args[0], got, want)
	}
}

// lastline FILE TEXT checks the last line of the file.
func lastLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lastline FILE TEXT")
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	if got := lines[len(lines)-1]; got != text(ts, args[1]) {
		ts.Fatalf("the last line of %s is %q, want %q", args[0], got, args[1])
	}
}

// put FILE TEXT writes TEXT, which may have bytes that a script cannot hold.
func put(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: put FILE TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text(ts, args[1])), 0o666))
}

// gen FILE N TEXT... writes the TEXTs one after the other, each N times.
func gen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: gen FILE N TEXT [N TEXT]...")
	}
	var b strings.Builder
	for i := 1; i < len(args); i += 2 {
		n, err := strconv.Atoi(args[i])
		ts.Check(err)
		b.WriteString(strings.Repeat(text(ts, args[i+1]), n))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o666))
}

// below FILE N checks that the number in the file is less than N.
func below(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: below FILE N")
	}
	got, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	if (got < most) == neg {
		ts.Fatalf("%s is %d, the bound is %d (negated: %t)", args[0], got, most, neg)
	}
}

// slowpipe 'GIVEN=>WANT'... PROGRAM ARG... gives a program its standard input piece by piece. The next piece comes only
// when the program has printed the wanted text. At the end the program must exit with 0, and print no more.
func slowPipe(ts *testscript.TestScript, neg bool, args []string) {
	n := slices.IndexFunc(args, func(a string) bool { return !strings.Contains(a, "=>") })
	if neg || n < 1 {
		ts.Fatalf("usage: slowpipe 'GIVEN=>WANT'... PROGRAM ARG...")
	}
	program, err := process.LookPath(args[n], ts.Getenv("PATH"), "")
	ts.Check(err)
	c := exec.Command(program, args[n+1:]...)
	c.WaitDelay = waitLimit
	c.Dir = ts.MkAbs(".")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	stdin, err := c.StdinPipe()
	ts.Check(err)
	stdout, w, err := os.Pipe()
	ts.Check(err)
	defer stdout.Close()
	c.Stdout = w
	ts.Check(c.Start())
	w.Close()
	defer c.Process.Kill()
	ts.Check(stdout.SetReadDeadline(time.Now().Add(waitLimit)))
	for _, piece := range args[:n] {
		given, want, _ := strings.Cut(piece, "=>")
		_, err := io.WriteString(stdin, text(ts, given))
		ts.Check(err)
		got := make([]byte, len(text(ts, want)))
		if n, err := io.ReadFull(stdout, got); err != nil || string(got) != text(ts, want) {
			ts.Fatalf("after %q: got %q, %v, want %q; stderr: %s", given, got[:n], err, want, stderr.Bytes())
		}
	}
	stdin.Close()
	rest, err := io.ReadAll(stdout)
	if err := errors.Join(err, c.Wait()); err != nil || len(rest) > 0 {
		ts.Fatalf("at the end: %v, more output %q; stderr: %s", err, rest, stderr.Bytes())
	}
}

// samepaste ARG... runs fanout -k with the arguments, and then bash with the output of --dry-run for them. Both must
// print the same.
func samePaste(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: samepaste ARG...")
	}
	ts.Check(ts.Exec("fanout", append([]string{"-k", "-q"}, args...)...))
	direct := ts.ReadFile("stdout")
	ts.Check(ts.Exec("fanout", append([]string{"--dry-run"}, args...)...))
	pasted := ts.ReadFile("stdout")
	ts.Check(os.WriteFile(ts.MkAbs("pasted.sh"), []byte(pasted), 0o666))
	ts.Check(ts.Exec("bash", "pasted.sh"))
	if got := ts.ReadFile("stdout"); got != direct || got == "" {
		ts.Fatalf("pasted into bash:\n%s\nit prints %q\nfanout prints %q", pasted, got, direct)
	}
}

// ends PROGRAM ARG... kills the processes with this command line. At least one must exist.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	running := testkit.Running(args...)
	for _, pid := range running {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if (len(running) > 0) == neg {
		ts.Fatalf("%d processes run %q", len(running), args)
	}
}
