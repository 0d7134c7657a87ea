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

// scriptLimit is how long one script may take. The longest takes a quarter of it on two CPUs that have ten times
// the work that they can do.
const scriptLimit = 5 * time.Minute

// runScript runs one script, as the test t, which is skipped where a tool is absent that each of its runs needs. A
// line that begins with [has:TOOL] is left out where that tool is absent.
func runScript(t *testing.T, file string, limit time.Duration, p testscript.Params) {
	t.Parallel()
	runScriptAs(t, one{t}, file, limit, p)
}

// runScriptAs is runScript, with what is told of how the script ends.
func runScriptAs(t *testing.T, as testscript.T, file string, limit time.Duration, p testscript.Params) {
	needsOfScript(t, file)
	p.Files = []string{file}
	p.Deadline = time.Now().Add(limit * 10 / 9) // its last tenth is for the end of what runs
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

// needsOfScript skips the test where a tool is absent that the script needs, but for lines that are left out without it.
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

// runs is a line that runs a program, on every machine. What exits with 2 has run nothing.
var runs = regexp.MustCompile(`^(\[.*?\]\s*)*(!\s*)?(exec|exits [013-9]\d*|slowpipe|samepaste)\s`)

// endAfter ends what has the entry in its environment when the time is over, again and again until the function that
// it returns is called: the deadline of testscript reaches the program alone that it has started, and whatever holds
// the output is waited for.
func endAfter(t *testing.T, limit time.Duration, entry string) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		select {
		case <-ended:
			return
		case <-time.After(limit):
		}
		t.Logf("the script has not ended in %v; there run:%s", limit, testkit.Describe(testkit.Bearing(entry)))
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

// one runs the only script of its parameters as the test that it is, not as a subtest of it: each has a deadline that
// begins when it does.
type one struct{ *testing.T }

func (o one) Run(_ string, f func(testscript.T)) { f(o) }
func (one) Parallel()                            {}

// Verbose has the whole log of a script printed. The events that make test reads are no wish for that.
func (one) Verbose() bool {
	return testing.Verbose() && flag.Lookup("test.v").Value.String() != "test2json"
}

// TestScriptLimit: a script that hangs is ended, whoever of it hangs, and what it waited for is said.
func TestScriptLimit(t *testing.T) {
	file := t.TempDir() + "/hangs.txtar"
	if err := os.WriteFile(file, []byte("exec sh -c 'sleep 1000 & wait'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	heard := &listener{}
	ended := make(chan bool)
	go func() { // which FailNow ends
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
	case <-time.After(patience):
		t.Fatal("it goes on")
	}
	if said := strings.Join(heard.said, "\n"); !heard.failed || !strings.Contains(said, "sleep 1000 & wait") || !strings.Contains(said, "timed out") {
		t.Errorf("failed: %t; it says %q", heard.failed, said)
	}
}

// listener is a test that only hears what is said of it.
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
