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

// running is a fanout that a test has started, with all its descendants. They have an entry in their environment, by
// which the test finds them in /proc.
type running struct {
	t        *testing.T
	entry    string
	dir      string // its working directory
	cmd      *exec.Cmd
	stdin    *os.File // the test's ends of the pipes
	stdout   *os.File
	stderr   string // the file for its standard error
	registry string // where its registry is

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

// prepare prepares a run of fanout.
func prepare(t *testing.T, args ...string) *running {
	t.Helper()
	testkit.NeedsOf(t, strings.Join(args, "\n"))
	r := &running{t: t, entry: "FANOUT_TEST_ENTRY=" + rand.Text(), dir: t.TempDir()}
	r.stderr = filepath.Join(t.TempDir(), "stderr")
	r.cmd = exec.Command(args[0], args[1:]...)
	r.cmd.Dir = r.dir
	r.cmd.Env = append(os.Environ(), r.entry)
	r.useRegistry(t.TempDir())
	return r
}

// useRegistry sets the directory of the registry. Each test has its own, so it sees no other runs.
func (r *running) useRegistry(dir string) {
	r.registry = dir
	r.cmd.Env = append(r.cmd.Env, "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir)
}

// begin starts the program.
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
		for _, pid := range r.processes() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		r.cmd.Wait()
	})
}

// pipes makes the pipes, and returns the program's ends.
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

// processes returns every process of the test's run, fanout among them. A zombie has no environment any more.
func (r *running) processes() []int {
	return testkit.Bearing(r.entry)
}

// owns reports whether a process belongs to the test's run.
func (r *running) owns(pid int) bool {
	return slices.Contains(testkit.Environ(pid), r.entry)
}

// eventually waits until a condition becomes true.
func (r *running) eventually(what string, cond func() bool) {
	r.t.Helper()
	for end := time.Now().Add(waitLimit); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("timed out waiting for: %s; stderr:\n%s", what, r.said())
		}
	}
}

// said returns what the program has written to standard error.
func (r *running) said() []byte {
	text, _ := os.ReadFile(r.stderr)
	return text
}

// files waits until the directory has n files.
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

// ends waits for the end, with this exit code, and checks that no process is left. It returns how long it waited.
func (r *running) ends(code int) time.Duration {
	r.t.Helper()
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(waitLimit):
		r.kill(syscall.SIGQUIT) // a runner that is already stopping prints where it is stuck
		select {
		case <-ended:
		case <-time.After(time.Second):
			r.kill(syscall.SIGKILL)
			<-ended
		}
		r.t.Fatalf("it does not end; left: %v; stderr:\n%s", r.processes(), r.said())
	}
	took := time.Since(began)
	if left := r.processes(); len(left) > 0 {
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

// endedAs checks how the visible process ended, as a shell shows it. fanout dies of the signal that ended the run,
// because an exit status of 130 would not end a script around it.
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
		r.t.Errorf("it dumped core")
	case slices.Contains([]syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}, s) && r.cmd.Args[0] == "fanout" && !end.Signaled():
		r.t.Errorf("it ended with exit status %d, and did not die of the signal", code)
	}
}

// kill signals all processes of the run.
func (r *running) kill(s syscall.Signal) {
	for _, pid := range r.processes() {
		syscall.Kill(pid, s)
	}
}

// forever holds jobs with two children, none of which ends by itself. Each form makes the file run/ITEM when it runs.
var forever = map[string][]string{
	"program": {"sh", "-c", `sleep 1000 & sleep 1000 & : > "run/$1"; wait`, "sh", "{}"},
	"native":  {`sh -c 'sleep 1000 & sleep 1000 & : > "run/$1"; wait' sh {} | cat`},
	"shell":   {`sleep 1000 & (sleep 1000; :) & : > run/{}; wait`},
}

// startJobs starts n jobs of COMMAND that make files in the directory run, and waits for them.
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
