package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// TestClosedStandardFiles: a closed standard file is an error, and does not become /dev/null. This holds in the program
// that make build makes.
func TestClosedStandardFiles(t *testing.T) {
	testkit.Slow(t)
	fanout := withEntry(t)
	const noOutput, noInput = "writing standard output: bad file descriptor", "reading standard input: bad file descriptor"
	for _, tt := range []struct {
		script string
		code   int
		said   string
	}{
		{"fanout /bin/echo ::: a >&-", 1, noOutput},
		{"fanout echo ::: a >&-", 1, noOutput},
		{"fanout -k --tag 'echo {} | cat' ::: a b >&-", 1, noOutput},
		{"fanout --json true ::: a >&-", 1, noOutput},
		{"fanout --mode process /bin/echo ::: a >&-", 1, noOutput},
		{"fanout --no-guardian /bin/echo ::: a >&-", 1, noOutput},
		{"fanout --output raw /bin/echo ::: a >&-", 123, "job 1, \"a\": exit 1"},
		{"fanout --dry-run echo ::: a >&-", 1, "bad file descriptor"},
		{"fanout echo <&-", 1, noInput},
		{"fanout -m process echo <&-", 1, noInput},
		// Nothing is lost here.
		{"fanout true ::: a >&-", 0, ""},
		{`fanout -o out echo ::: a >&- && test "$(cat out)" = a`, 0, ""},
		{"fanout true ::: a <&- >&- 2>&-", 0, ""},
		{"fanout /bin/echo ::: a 2>&-", 0, ""},
		{"fanout /bin/echo ::: a > /dev/null", 0, ""},
		{"fanout /bin/echo ::: a 1<> /dev/null", 0, ""},
	} {
		t.Run(tt.script, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c := testkit.Command(t, "sh", "-c", tt.script)
			c.Dir = dir
			c.Env = append(os.Environ(), "PATH="+filepath.Dir(fanout)+":"+os.Getenv("PATH"), "XDG_RUNTIME_DIR="+dir)
			var said strings.Builder
			c.Stderr = &said
			err := c.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := c.ProcessState.ExitCode(); code != tt.code || !strings.Contains(said.String(), tt.said) {
				t.Errorf("exit code %d, want %d; it said %q, want %q in it", code, tt.code, said.String(), tt.said)
			}
		})
	}
}

// TestIgnoredSignals: a signal that was ignored when fanout started stays ignored, also in its jobs.
func TestIgnoredSignals(t *testing.T) {
	testkit.Slow(t)
	fanout := withEntry(t)
	for _, name := range []string{"TERM", "QUIT", "HUP", "INT", "TSTP", "USR1", "USR2"} {
		for _, flags := range []string{"", "--no-guardian", "--mode process"} {
			t.Run(strings.TrimSpace(name+" "+flags), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				c := testkit.Command(t, "bash", "-c", `trap '' `+name+`
fanout `+flags+` -q '> begun; until [ -e go ]; do sleep 0.01; done; kill -`+name+` $$; echo {}' ::: a &
until [ -e begun ]; do kill -0 $! || exit; sleep 0.01; done
kill -`+name+` $!; sleep 0.1; > go; wait $!; echo $?`)
				c.Dir = dir
				c.Env = append(os.Environ(), "PATH="+filepath.Dir(fanout)+":"+os.Getenv("PATH"), "XDG_RUNTIME_DIR="+dir)
				if out, err := c.CombinedOutput(); err != nil || string(out) != "a\n0\n" {
					t.Errorf("%q, %v", out, err)
				}
			})
		}
	}
}

// withEntry builds the program as make build does, with an entry point of its own.
func withEntry(t *testing.T) string {
	t.Helper()
	if arch := runtime.GOARCH; arch != "amd64" && arch != "arm64" {
		t.Skipf("internal/process/entry is not written for %s", arch)
	}
	if text, err := os.ReadFile("Makefile"); err != nil || !strings.Contains(string(text), "-E fanout_entry") {
		t.Errorf("make build does not link the entry: %v", err)
	}
	fanout := filepath.Join(t.TempDir(), "fanout")
	build := exec.Command("go", "build", "-ldflags", "-E fanout_entry", "-o", fanout, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return fanout
}
