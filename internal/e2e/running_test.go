//go:build linux

package e2e_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// running is a fanout that a test has started, with all that it starts: they have
// a mark in their environment, by which they are found in /proc.
type running struct {
	t      *testing.T
	mark   string
	dir    string // it runs here
	cmd    *exec.Cmd
	stdin  *os.File // our ends of the pipes
	stdout *os.File
	stderr string // the file for its standard error
	notes  string // the directory of its registry

	terminal *os.File // instead of the pipes
	errors   *os.File // instead of the file for its standard error
}

// start runs fanout, or another program that becomes it.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := prepare(t, args...)
	r.begin()
	return r
}

// prepare makes everything ready to run fanout.
func prepare(t *testing.T, args ...string) *running {
	t.Helper()
	testkit.NeedsOf(t, strings.Join(args, "\n"))
	r := &running{t: t, mark: "FANOUT_TEST_MARK=" + rand.Text(), dir: t.TempDir()}
	r.stderr = filepath.Join(t.TempDir(), "stderr")
	r.cmd = exec.Command(args[0], args[1:]...)
	r.cmd.Dir = r.dir
	r.cmd.Env = append(os.Environ(), r.mark)
	r.registry(t.TempDir())
	return r
}

// registry says where it is registered: where no run is that is not of this test.
func (r *running) registry(dir string) {
	r.notes = dir
	r.cmd.Env = append(r.cmd.Env, "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir)
}

// begin starts it.
func (r *running) begin() {
	t := r.t
	t.Helper()
	stdin, stdout := r.terminal, r.terminal
	if r.terminal == nil {
		stdin, stdout = r.pipes()
	}
	stderr := r.errors
	if stderr == nil {
		var err error
		if stderr, err = os.Create(r.stderr); err != nil {
			t.Fatal(err)
		}
	}
	defer stderr.Close()
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = stdin, stdout, stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdin.Close()
	stdout.Close()
	t.Cleanup(func() {
		r.stdin.Close()
		r.stdout.Close()
		for _, pid := range r.marked() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		r.cmd.Wait()
	})
}

// pipes makes the pipes, and returns its ends of them.
func (r *running) pipes() (stdin, stdout *os.File) {
	r.t.Helper()
	stdin, r.stdin = pipe(r.t)
	r.stdout, stdout = pipe(r.t)
	return stdin, stdout
}

func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return read, write
}

// marked is every process that carries the mark, fanout among them. A zombie has
// no environment any more.
func (r *running) marked() []int {
	return testkit.Bearing(r.mark)
}

// bears says whether the process carries the mark.
func (r *running) bears(pid int) bool {
	return slices.Contains(testkit.Environ(pid), r.mark)
}

// eventually waits for what must become true.
func (r *running) eventually(what string, cond func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for: %s; stderr:\n%s", what, r.said())
		}
	}
}

// said is what it has written to standard error.
func (r *running) said() []byte {
	text, _ := os.ReadFile(r.stderr)
	return text
}

// files waits for so many files to be made in the directory.
func (r *running) files(dir string, n int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d files in %s", n, dir), func() bool {
		made, _ := os.ReadDir(filepath.Join(r.dir, dir))
		return len(made) >= n
	})
}

func (r *running) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// ends waits for the end, with this exit code, and checks that nothing is left. It
// returns how long it took.
func (r *running) ends(code int) time.Duration {
	r.t.Helper()
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(patience):
		r.kill(syscall.SIGQUIT) // a runner that was told to end before tells where it is stuck
		select {
		case <-ended:
		case <-time.After(time.Second):
			r.kill(syscall.SIGKILL)
			<-ended
		}
		r.t.Fatalf("it does not end; left: %v; stderr:\n%s", r.marked(), r.said())
	}
	took := time.Since(began)
	if left := r.marked(); len(left) > 0 {
		r.t.Errorf("%d processes are left:%s", len(left), testkit.Describe(left))
	}
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		r.t.Errorf("waiting for it: %v", err)
	default:
		r.endedAs(code)
	}
	return took
}

// endedAs checks how the visible process ended, as a shell shows it. Of a signal that ended the run
// fanout has died: an exit status of 130 would not end a script around it.
func (r *running) endedAs(code int) {
	r.t.Helper()
	end := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	got := end.ExitStatus()
	if end.Signaled() {
		got = 128 + int(end.Signal())
	}
	switch s := syscall.Signal(code - 128); {
	case got != code:
		r.t.Errorf("it ended with %v, want %d as a shell sees it; stderr:\n%s", r.cmd.ProcessState, code, r.said())
	case end.CoreDump():
		r.t.Errorf("it left a core")
	case slices.Contains([]syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}, s) && r.cmd.Args[0] == "fanout" && !end.Signaled():
		r.t.Errorf("it ended with exit status %d, and did not die of the signal", code)
	}
}

// kill signals all that is left.
func (r *running) kill(s syscall.Signal) {
	for _, pid := range r.marked() {
		syscall.Kill(pid, s)
	}
}

// forever is a job with two children, none of which ends by itself. Each form says
// that it runs by making the file run/ITEM.
var forever = map[string][]string{
	"program": {"sh", "-c", `sleep 1000 & sleep 1000 & : > "run/$1"; wait`, "sh", "{}"},
	"native":  {`sh -c 'sleep 1000 & sleep 1000 & : > "run/$1"; wait' sh {} | cat`},
	"shell":   {`sleep 1000 & (sleep 1000; :) & : > run/{}; wait`},
}

// startJobs starts n jobs of COMMAND that make files in run, and waits for them.
func startJobs(t *testing.T, n int, flags, command []string) *running {
	t.Helper()
	items := []string{":::"}
	for i := range n {
		items = append(items, strconv.Itoa(i))
	}
	script := []string{"sh", "-c", `mkdir run && exec "$@"`, "sh", "fanout", "-j" + strconv.Itoa(n)}
	r := start(t, slices.Concat(script, flags, command, items)...)
	r.files("run", n)
	return r
}
