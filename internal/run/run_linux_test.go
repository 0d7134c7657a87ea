package run

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"fanout/internal/collect"
	"fanout/internal/execute"
	"fanout/internal/input"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/schedule"
	"fanout/internal/sink"
	"fanout/internal/template"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = 30 * time.Second

// TestMain gives the tests a registry of runs of their own.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fanout-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_RUNTIME_DIR", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// newRunID makes a run ID.
func newRunID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// planFor makes a plan for the command and the items.
func planFor(t *testing.T, command []string, items ...string) plan.Plan {
	t.Helper()
	const workers = 3
	return plan.Plan{
		Input:    input.Spec{Delimiter: "\n", Sources: []input.Source{{Args: items}}},
		Template: template.Spec{Command: command, Sources: 1, Terminator: "\n", Workers: workers},
		Schedule: schedule.Spec{Slots: workers},
		Process:  process.Spec{Grace: patient, Linger: 50 * time.Millisecond},
		Execute:  execute.Spec{Environ: os.Environ(), Shell: []string{"/bin/sh"}, Slots: workers, RunID: newRunID()},
		Collect:  collect.Spec{KeepOrder: true, Slots: workers, TmpDir: t.TempDir()},
	}
}

// std makes standard files: an empty input, and two files.
func std(t *testing.T) (IO, func() (out, errs string)) {
	t.Helper()
	var files [3]*os.File
	for i := range files {
		f, err := os.Create(fmt.Sprintf("%s/%d", t.TempDir(), i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		files[i] = f
	}
	read := func(f *os.File) string { text, _ := os.ReadFile(f.Name()); return string(text) }
	return IO{Stdin: files[0], Stdout: files[1], Stderr: files[2], Say: sink.NewMessages(files[2])}, func() (out, errs string) { return read(files[1]), read(files[2]) }
}

func do(t *testing.T, ctx context.Context, p plan.Plan, io IO) (*sink.Summary, error) {
	t.Helper()
	r, err := New(t.Context(), p, io)
	if err != nil {
		t.Fatal(err)
	}
	return r.Do(ctx)
}

func TestDo(t *testing.T) {
	for _, tt := range []struct {
		command []string
		items   []string
		out     string
		failed  int64
	}{
		{[]string{"echo", "{}"}, []string{"a", "b"}, "a\nb\n", 0},
		{[]string{"cat", "{}"}, []string{"/dev/null"}, "", 0},
		{[]string{"sh -c 'echo \"$1\"; exit 3' sh {}"}, []string{"a", "b"}, "a\nb\n", 2},
		{[]string{"for i in {}; do echo $i; done"}, []string{"a", "b"}, "a\nb\n", 0},
		{[]string{"echo", "{}"}, nil, "", 0},
	} {
		files, read := std(t)
		summary, err := do(t, t.Context(), planFor(t, tt.command, tt.items...), files)
		if out, errs := read(); err != nil || out != tt.out || errs != "" || summary.Failed() != tt.failed {
			t.Errorf("%q: %q, %q, %v, %d failed", tt.command, out, errs, err, summary.Failed())
		}
	}
}

func TestOut(t *testing.T) {
	files, read := std(t)
	p := planFor(t, []string{"echo", "{}"}, "a")
	p.Out = t.TempDir() + "/out"
	if _, err := do(t, t.Context(), p, files); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(p.Out)
	if out, _ := read(); err != nil || string(text) != "a\n" || out != "" {
		t.Errorf("%q, %v, %q", text, err, out)
	}
}

func TestDryRun(t *testing.T) {
	files, read := std(t)
	p := planFor(t, []string{"touch", "{}"}, "a b", "c")
	p.DryRun = true
	if _, err := do(t, t.Context(), p, files); err != nil {
		t.Fatal(err)
	}
	if out, _ := read(); out != "touch 'a b'\ntouch c\n" {
		t.Errorf("%q", out)
	}
}

// TestNew: what can fail before the first job does, and says of which kind it is.
func TestNew(t *testing.T) {
	var usage *UsageError
	var command *execute.CommandError
	for name, tt := range map[string]struct {
		alter func(*plan.Plan)
		want  any
	}{
		"template": {func(p *plan.Plan) { p.Template.Command = []string{"sh -c 'x {}'"} }, &usage},
		"check":    {func(p *plan.Plan) { p.Persistent, p.Template.Batch = true, 2 }, &usage},
		"command":  {func(p *plan.Plan) { p.Template.Command = []string{"no-such-command", "{}"} }, &command},
	} {
		p := planFor(t, []string{"echo", "{}"})
		tt.alter(&p)
		files, _ := std(t)
		if _, err := New(t.Context(), p, files); !errors.As(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := planFor(t, []string{"echo", "{}"})
	p.Input.Sources = []input.Source{{Path: t.TempDir() + "/missing", IsFile: true}}
	files, _ := std(t)
	if _, err := New(t.Context(), p, files); !errors.Is(err, os.ErrNotExist) || errors.As(err, &usage) {
		t.Errorf("input: %v", err)
	}
	p = planFor(t, []string{"cat", "{}"})
	p.Schedule.Slots, p.WorkersGiven = 1<<30, true
	if _, err := New(t.Context(), p, files); err == nil || !strings.Contains(err.Error(), "-j") {
		t.Errorf("files: %v", err)
	}
}

func TestFailures(t *testing.T) {
	files, _ := std(t)
	p := planFor(t, []string{"false", "{}"}, "a", "b", "c", "d", "e", "f", "g", "h")
	p.Schedule.MaxFailures = schedule.Limit{Count: 2}
	summary, err := do(t, t.Context(), p, files)
	if err != nil || summary.Failed() < 2 || summary.Failed() == 8 {
		t.Errorf("%v, %d failed", err, summary.Failed())
	}
}

// TestFullOutput: a failure to write is the run's error, and ends it.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, command := range [][]string{{"echo", "{}"}, {"sh", "-c", "echo x", "{}"}} {
		files, _ := std(t)
		files.Stdout = full
		_, err := do(t, t.Context(), planFor(t, command, "a", "b"), files)
		if !errors.Is(err, unix.ENOSPC) || strings.Count(err.Error(), "no space") != 1 {
			t.Errorf("%q: %v", command, err)
		}
	}
}

// TestReaderGone: the end of the reader ends a run that prints nothing.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	files, _ := std(t)
	files.Stdout = w
	r.Close()
	began := time.Now()
	_, err = do(t, t.Context(), planFor(t, []string{"sleep", "{}"}, "1000", "1000"), files)
	if !errors.Is(err, sink.ErrReaderGone) || time.Since(began) > patient {
		t.Errorf("%v", err)
	}
}

// TestStoppedAtTheEnd: a stop while the last output waits for its reader, with no
// job left, still is the reason for the end.
func TestStoppedAtTheEnd(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	files, _ := std(t)
	files.Stdout = w
	stop := errors.New("stopped by a signal")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ended := make(chan error)
	run, err := New(t.Context(), planFor(t, []string{"echo", "{}"}, strings.Repeat("x", 1<<20)), files)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := run.Do(ctx)
		ended <- err
	}()
	for end := time.Now().Add(patient); !inStack("collect.(*Collector).Close("); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the jobs do not end")
		}
	}
	cancel(stop)
	if err := <-ended; !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func inStack(call string) bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte(call))
}

// TestPause: in a pause neither jobs nor the run come closer to their end.
func TestPause(t *testing.T) {
	for _, spec := range []schedule.Spec{{Timeout: time.Millisecond}, {Deadline: 50 * time.Millisecond}} {
		var r *Run
		for r == nil || r.deadline.passed.Err() != nil { // the deadline came before the pause
			files, _ := std(t)
			p := planFor(t, []string{"sleep"}, "0.2")
			p.Schedule.Timeout, p.Schedule.Deadline = spec.Timeout, spec.Deadline
			var err error
			if r, err = New(t.Context(), p, files); err != nil {
				t.Fatal(err)
			}
			r.clock.Pause()
		}
		summary, err := r.Do(t.Context())
		r.clock.Resume()
		if err != nil || summary.Failed() > 0 {
			t.Errorf("%+v: %v, %d failed", spec, err, summary.Failed())
		}
	}
}

// TestDeadline: it is an error of the run, unless the jobs are done by then.
func TestDeadline(t *testing.T) {
	for command, late := range map[string]bool{"sleep": true, "true": false} {
		files, _ := std(t)
		p := planFor(t, []string{command}, "1000")
		p.Schedule.Deadline = patient
		if late {
			p.Schedule.Deadline = 100 * time.Millisecond
		}
		if _, err := do(t, t.Context(), p, files); errors.Is(err, schedule.ErrDeadline) != late || !late && err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestCancelled: what was printed before a stop is still written.
func TestCancelled(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files, _ := std(t)
	files.Stdout = w
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	got := make(chan string)
	go func() {
		var all []byte
		for buf := make([]byte, 100); ; {
			n, err := r.Read(buf)
			all = append(all, buf[:n]...)
			if bytes.Contains(all, []byte("before")) {
				cancel(stop)
			}
			if err != nil {
				got <- string(all)
				return
			}
		}
	}()
	_, err = do(t, ctx, planFor(t, []string{"sh -c 'trap \"echo after; exit\" TERM; echo before; while :; do sleep 0.01; done' sh {}"}, "a"), files)
	w.Close()
	if !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	if text := <-got; !strings.HasSuffix(text, "after\n") {
		t.Errorf("%q", text)
	}
}
