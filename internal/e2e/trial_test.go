//go:build linux

package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
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

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// trial is a run of fanout whose items are files. Each file is the script of one job. The test ends the run while jobs
// of a crowd run.
type trial struct {
	*running
	crowd *crowd
	flags []string
	jobs  []string // names of the files
	ready int      // how many processes of the crowd must report
	ended int      // how many of these end by themselves
	gates map[string]*os.File

	launched time.Time // before the first job began
	began    time.Time // when the crowd was ready

	cleanup     *exec.Cmd // fanout cleanup after the run, if any
	cleanupSaid bytes.Buffer
}

func newTrial(t *testing.T, program string) *trial {
	return &trial{running: prepare(t, "fanout"), crowd: newCrowd(t, program), gates: map[string]*os.File{}}
}

// job adds a job that runs this script.
func (tr *trial) job(name, script string) {
	tr.t.Helper()
	testkit.NeedsOf(tr.t, script)
	if err := os.WriteFile(filepath.Join(tr.dir, name), []byte(script), 0o666); err != nil {
		tr.t.Fatal(err)
	}
	tr.jobs = append(tr.jobs, name)
}

// gate returns a line for a script, which waits there until the gate is opened.
func (tr *trial) gate(name string) string {
	tr.t.Helper()
	path := filepath.Join(tr.dir, "gate-"+name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		tr.t.Fatal(err)
	}
	// Opened for reading too, it waits for no other process, and neither does open.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(func() { f.Close() })
	tr.gates[name] = f
	return "read go < " + filepath.Base(path) + "\n"
}

func (tr *trial) open(gate string) {
	tr.t.Helper()
	if _, err := tr.gates[gate].WriteString("\n"); err != nil {
		tr.t.Fatal(err)
	}
}

// hostileJob adds a job of the crowd. A lasting job continues in a shell if its first process would end at once.
func (tr *trial) hostileJob(name, mode string, lasting bool) {
	tr.t.Helper()
	script := tr.crowd.script(mode)
	tr.ready++
	if mode == leaderGone {
		tr.ended++
		if lasting {
			script = strings.TrimPrefix(script, "exec ") + tr.crowd.script("plain")
			tr.ready++
		}
	}
	tr.job(name, script)
}

// launch starts fanout with this many slots.
func (tr *trial) launch(slots int) {
	tr.t.Helper()
	if slices.Contains(tr.flags, "--threads") {
		slots = 1 // one worker has all the slots
	}
	tr.cmd.Args = append(append(tr.cmd.Args, tr.flags...), "-j"+strconv.Itoa(slots), "sh", "{}", ":::")
	tr.cmd.Args = append(tr.cmd.Args, tr.jobs...)
	tr.launched = time.Now()
	tr.begin()
}

// run launches fanout. It waits until the crowd has reported, and those processes have ended that end by themselves.
func (tr *trial) run(slots int) {
	tr.t.Helper()
	tr.launch(slots)
	for end := time.Now().Add(waitLimit); ; {
		tr.crowd.read(time.Millisecond)
		ready := tr.crowd.said("ready")
		if len(ready) == tr.ready && tr.ended == count(ready, func(pid int) bool { return state(pid) == 0 }) {
			tr.began = time.Now()
			return
		}
		if ended(tr.cmd.Process.Pid) || time.Now().After(end) {
			tr.t.Fatalf("the crowd is not ready: %d of %d; stderr:\n%s", len(ready), tr.ready, tr.said())
		}
	}
}

// number returns the number that a job has written to a file, once its line is complete.
func (tr *trial) number(name string) (n int) {
	tr.t.Helper()
	tr.eventually("a number in "+name, func() bool {
		text, _ := os.ReadFile(filepath.Join(tr.dir, name))
		got, _ := fmt.Sscanf(string(text), "%d\n", &n)
		return got == 1 && bytes.HasSuffix(text, []byte("\n"))
	})
	return n
}

func count(pids []int, what func(pid int) bool) (n int) {
	for _, pid := range pids {
		if what(pid) {
			n++
		}
	}
	return n
}

// ended reports whether a process is gone, or a zombie.
func ended(pid int) bool { return state(pid) == 0 || state(pid) == 'Z' }

// state returns the state letter of a process, or 0 if there is none.
func state(pid int) byte {
	s, _ := stat(pid)
	return s
}

// stat returns the state and the parent of a process, from /proc/PID/stat.
func stat(pid int) (state byte, parent int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(text, ')'); i >= 0 {
		fmt.Sscanf(string(text[i+1:]), " %c %d", &state, &parent)
	}
	return state, parent
}

// runner returns the process that starts the jobs: a child of the warden, or of the visible process if that has none,
// that runs the same program.
func (r *running) runner(visible int) int {
	r.t.Helper()
	parent := visible
	if w := warden(visible); w != 0 {
		parent = w
	}
	program := executable(visible)
	for _, pid := range testkit.Processes() {
		if _, above := stat(pid); above == parent && executable(pid) == program {
			return pid
		}
	}
	r.t.Fatalf("process %d, %s, has no child that is the same program", parent, program)
	return 0
}

// warden returns the process between the visible one and the runner, or 0.
func warden(visible int) int {
	for _, pid := range testkit.Processes() {
		if _, parent := stat(pid); parent == visible && isWarden(pid) {
			return pid
		}
	}
	return 0
}

func isWarden(pid int) bool {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return string(name) == "warden\n"
}

func executable(pid int) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return name
}

// send signals a process of the test's run.
func (r *running) send(pid int, s syscall.Signal) {
	r.t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		r.t.Fatalf("process %d: %v", pid, err)
	}
	defer unix.Close(fd)
	if !r.owns(pid) {
		r.t.Fatalf("process %d is not of this test", pid)
	}
	if err := unix.PidfdSendSignal(fd, s, nil, 0); err != nil {
		r.t.Fatalf("process %d: %v", pid, err)
	}
}

// status waits for the end, and returns the exit status of the visible process as a shell sees it.
func (r *running) status() int {
	r.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(waitLimit):
		syscall.Kill(r.cmd.Process.Pid, syscall.SIGQUIT)
		<-ended
		r.t.Fatalf("it does not end; stderr:\n%s", r.said())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	if s := r.cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signaled() {
		return 128 + int(s.Signal())
	}
	return r.cmd.ProcessState.ExitCode()
}

// exits waits for the end, and checks the exit status.
func (r *running) exits(code int) {
	r.t.Helper()
	r.status()
	r.endedAs(code)
}

// overload returns how much longer than its CPU time a busy thread takes on this machine now: 1 if a CPU is free.
func overload() float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const work = 100 * time.Millisecond
	began, used := time.Now(), ownTime()
	for ownTime()-used < work {
	}
	return max(1, float64(time.Since(began))/float64(work))
}

// ownTime is the CPU time of this thread.
func ownTime() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}
