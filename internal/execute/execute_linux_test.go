package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/template"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = 20 * time.Second

func findBash(t *testing.T) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to confirm with")
	}
	return bash
}

func newSupervisor(t *testing.T) *process.Supervisor {
	t.Helper()
	sup, err := process.NewSupervisor(process.Spec{Grace: patient, Linger: patient})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sup.Close() })
	return sup
}

// environ returns the environment of the jobs of tests, whatever that of the tests is.
func environ(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=/nowhere", "TMPDIR=/tmp"}, more...)
}

// outcome is how one job ended.
type outcome struct {
	out, errs string
	status    job.Status
}

// code returns the exit status as a shell would.
func (o outcome) code() int {
	switch o.status.Outcome {
	case job.Exited:
		return o.status.Code
	case job.Signaled:
		return 128 + int(o.status.Signal)
	case job.NotFound:
		return 127
	case job.NotExecutable:
		return 126
	default:
		return -1
	}
}

func newJob(items ...string) job.Job {
	j := job.Job{Index: 1, Slot: 1, Attempt: 1}
	for i, it := range items {
		j.Items = append(j.Items, job.Item{Seq: int64(i + 1), Fields: []string{it}})
	}
	return j
}

// local makes the executor of a command. The Spec may lack what all tests have in common.
func local(t *testing.T, sup *process.Supervisor, spec Spec, command template.Spec) (*Local, error) {
	t.Helper()
	if spec.Environ == nil {
		spec.Environ = environ()
	}
	if spec.Shell == nil {
		spec.Shell = []string{findBash(t)}
	}
	spec.Slots = 1
	spec.RunID = "run"
	command.Sources = 1
	command.Terminator = "\n"
	one, total := process.ArgLimits(Variables(spec))
	command.Limits = template.Limits{Arg: one, Total: total}
	tmpl, err := template.Compile(command)
	if err != nil {
		t.Fatalf("%q: %v", command.Command, err)
	}
	return NewLocal(spec, tmpl, command.Limits, sup)
}

// run runs one job. A CommandError becomes the outcome that it means.
func run(t *testing.T, ctx context.Context, sup *process.Supervisor, spec Spec, command template.Spec, items ...string) outcome {
	t.Helper()
	l, err := local(t, sup, spec, command)
	var missing *CommandError
	if errors.As(err, &missing) {
		end := job.NotExecutable
		if missing.Missing() {
			end = job.NotFound
		}
		return outcome{errs: err.Error(), status: job.Status{Outcome: end, Err: err}}
	}
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	st := l.Run(ctx, newJob(items...), job.Output{Stdout: &out, Stderr: &errs})
	return outcome{out.String(), errs.String(), st}
}

// fixture makes a folder with the same files for each run.
func fixture(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]struct {
		text string
		mode fs.FileMode
	}{
		"in":         {"one\ntwo\nthree\n", 0o644},
		"plain":      {"echo plain\n", 0o644},
		"script":     {"echo script \"$@\"\nexit 6\n", 0o755},
		"hashbang":   {"#!/bin/sh\necho \"$0\" \"$@\"\nexit 5\n", 0o755},
		"badbang":    {"#!/does/not/exist\n", 0o755},
		"junk":       {"\x00\x01\x02junk\n", 0o755},
		"empty":      {"", 0o755},
		"probe":      {"#!/bin/sh\nfor a; do printf '%s\\0' \"$a\"; done\n", 0o755},
		"with space": {"spaced\n", 0o644},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(file.text), file.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "folder", "in"), []byte("other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("folder/sub", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "ff"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// snapshot returns all files of a folder and their contents.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all = append(all, fmt.Sprintf("%s: %q", name, text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(all)
	return strings.Join(all, "\n")
}
