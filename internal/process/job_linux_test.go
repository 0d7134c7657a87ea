package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// patient is longer than any wait of a test that passes.
const patient = testkit.Patience

func supervisor(t *testing.T, spec Spec) *Supervisor {
	t.Helper()
	s, err := NewSupervisor(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func tree(t *testing.T, s *Supervisor) *Tree {
	t.Helper()
	tr, err := s.NewTree()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

var normal = Spec{Grace: patient, Linger: patient}

// outcome is how a job of one or more processes ended.
type outcome struct {
	results     []Result
	out, errs   bytes.Buffer
	held        bool
	terminated  bool
	startErrors []error
}

// pipeline runs the commands, connected by pipes, as one job.
func pipeline(t *testing.T, ctx context.Context, tr *Tree, feed []string, commands ...[]string) *outcome {
	t.Helper()
	o := &outcome{}
	tr.Begin(ctx, "")
	stdout, stderr, err := tr.Capture(&o.out, &o.errs)
	if err != nil {
		t.Fatal(err)
	}
	in, own := tr.sup.Null(), false
	if feed != nil {
		if in, err = tr.Feed(feed); err != nil {
			t.Fatal(err)
		}
		own = true
	}
	for i, argv := range commands {
		out, next := stdout, -1
		if i < len(commands)-1 {
			if next, out, err = tr.Pipe(); err != nil {
				t.Fatal(err)
			}
		}
		path, err := LookPath(argv[0], os.Getenv("PATH"), "")
		if err != nil {
			path = argv[0]
		}
		err = tr.Start(&Command{Path: path, Argv: argv, Env: os.Environ(), Stdin: in, Stdout: out, Stderr: stderr})
		if err != nil {
			o.startErrors = append(o.startErrors, err)
		}
		if own {
			unix.Close(in)
		}
		if next >= 0 {
			unix.Close(out)
		}
		in, own = next, true
	}
	o.results = append(o.results, tr.Wait()...)
	o.terminated = tr.Terminated()
	o.held = tr.Finish()
	return o
}

func sh(script string) []string { return []string{"sh", "-c", script} }

// mark returns a name for a sleep by which it is found in /proc.
func mark(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("9%d.%d", time.Now().UnixNano()%1e9, os.Getpid())
}

// marked returns the living processes with the name in their arguments.
func marked(name string) []int {
	return slices.DeleteFunc(testkit.Processes(), func(pid int) bool {
		return pid == os.Getpid() || !strings.Contains(testkit.CommandLine(pid), name)
	})
}

func noneLeft(t *testing.T, name string) {
	t.Helper()
	testkit.Until(t, "no process is left", func() bool { return len(marked(name)) == 0 })
}

// reapMarked kills the processes that a test has left running on purpose.
func reapMarked(name string) {
	for _, pid := range marked(name) {
		unix.Kill(pid, unix.SIGKILL)
	}
}
