package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// scriptLimit is the time for one script. On two CPUs with ten times the work that they can do, the longest script
// takes a quarter of it.
const scriptLimit = 5 * time.Minute

// runScript runs one script as the test t. It skips the test if a tool is absent that every part of the script needs.
// testscript leaves out a line that begins with [has:TOOL] if that tool is absent.
func runScript(t *testing.T, file string, limit time.Duration, p testscript.Params) {
	t.Parallel()
	runScriptAs(t, one{t}, file, limit, p)
}

// runScriptAs does the same, and reports the result to another testscript.T.
func runScriptAs(t *testing.T, as testscript.T, file string, limit time.Duration, p testscript.Params) {
	needsOfScript(t, file)
	p.Files = []string{file}
	p.Deadline = time.Now().Add(limit * 10 / 9) // its last tenth is for ending the processes
	condition, setup := p.Condition, p.Setup
	said := map[string]bool{}
	p.Condition = func(cond string) (bool, error) {
		tool, ok := strings.CutPrefix(cond, "has:")
		if !ok {
			return condition(cond)
		}
		if !testkit.Has(tool) && !said[tool] {
			said[tool] = true
			t.Log("a part of it", testkit.Without(tool))
		}
		return testkit.Has(tool), nil
	}
	p.Setup = func(env *testscript.Env) error {
		env.Defer(endAfter(t, limit+time.Second, "WORK="+env.WorkDir))
		return setup(env)
	}
	testscript.RunT(as, p)
}

// needsOfScript skips the test if a tool is absent that the script needs outside of lines with [has:TOOL].
func needsOfScript(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(archive.Comment)) {
		if runs.MatchString(line) && !strings.Contains(line, "[has:") && !strings.Contains(line, "--dry-run") {
			testkit.NeedsOf(t, line)
		}
	}
	for _, f := range archive.Files {
		testkit.NeedsOf(t, string(f.Data))
	}
}

// runs matches a line that runs a program, on every machine. A command that exits with 2 has run nothing.
var runs = regexp.MustCompile(`^(\[.*?\]\s*)*(!\s*)?(exec|exits [013-9]\d*|slowpipe|samepaste)\s`)

// endAfter kills all processes with the entry in their environment when the time is over, repeatedly, until the
// returned function is called. The deadline of testscript reaches only the program that it has started, and testscript
// waits for any process that holds the output.
func endAfter(t *testing.T, limit time.Duration, entry string) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		select {
		case <-ended:
			return
		case <-time.After(limit):
		}
		t.Logf("the script has not ended in %v; its processes:%s", limit, testkit.Describe(testkit.Bearing(entry)))
		for {
			for _, pid := range testkit.Bearing(entry) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			select {
			case <-ended:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() {
		close(ended)
		all.Wait()
	}
}

// one runs the only script of its parameters as the test itself, not as a subtest, because each script has a deadline
// that begins with it.
type one struct{ *testing.T }

func (o one) Run(_ string, f func(testscript.T)) { f(o) }
func (one) Parallel()                            {}

// Verbose makes testscript print the whole log of a script. It does not for make test, which asks for events only.
func (one) Verbose() bool {
	return testing.Verbose() && flag.Lookup("test.v").Value.String() != "test2json"
}

// TestScriptLimit: a script that hangs is ended, whichever process hangs, and the log shows what it waited for.
func TestScriptLimit(t *testing.T) {
	file := t.TempDir() + "/hangs.txtar"
	if err := os.WriteFile(file, []byte("exec sh -c 'sleep 1000 & wait'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	heard := &listener{}
	ended := make(chan bool)
	go func() { // FailNow ends it
		defer close(ended)
		testscript.RunT(heard, testscript.Params{
			Files:    []string{file},
			Deadline: time.Now().Add(time.Second),
			Setup: func(env *testscript.Env) error {
				env.Defer(endAfter(t, 2*time.Second, "WORK="+env.WorkDir))
				return nil
			},
		})
	}()
	select {
	case <-ended:
	case <-time.After(waitLimit):
		t.Fatal("the script does not end")
	}
	if said := strings.Join(heard.said, "\n"); !heard.failed || !strings.Contains(said, "sleep 1000 & wait") || !strings.Contains(said, "timed out") {
		t.Errorf("failed: %t; it says %q", heard.failed, said)
	}
}

// listener is a testscript.T that records its messages.
type listener struct {
	said   []string
	failed bool
}

func (l *listener) Log(words ...any)   { l.said = append(l.said, fmt.Sprint(words...)) }
func (l *listener) Fatal(words ...any) { l.Log(words...); l.FailNow() }
func (l *listener) FailNow()           { l.failed = true; runtime.Goexit() }
func (l *listener) Skip(words ...any)  { l.Log(words...); runtime.Goexit() }

func (l *listener) Run(_ string, f func(testscript.T)) { f(l) }
func (l *listener) Parallel()                          {}
func (l *listener) Verbose() bool                      { return false }
