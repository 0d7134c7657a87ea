package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = 30 * time.Second

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

// outcome is what a job of one or more processes came to.
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

// mark names a sleep so that it is found again in /proc.
func mark(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("9%d.%d", time.Now().UnixNano()%1e9, os.Getpid())
}

// marked is the living processes with the mark in their arguments.
func marked(mark string) (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(text, []byte(mark)) {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
		if pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// until waits for a condition that another process brings about.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !reached(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

func noneLeft(t *testing.T, mark string) {
	t.Helper()
	until(t, "a process survives", func() bool { return len(marked(mark)) == 0 })
}

// reapMarked ends what a test has left behind on purpose.
func reapMarked(mark string) {
	for _, pid := range marked(mark) {
		unix.Kill(pid, unix.SIGKILL)
	}
}

// within fails the test when f takes longer than it may.
func within(t *testing.T, most time.Duration, f func()) {
	t.Helper()
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patient):
		t.Fatalf("still running after %v", patient)
	}
	if took := time.Since(began); took > most {
		t.Errorf("took %v, more than %v", took, most)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
