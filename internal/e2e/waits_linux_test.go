package e2e_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// stop is a way to end a run.
type stop struct {
	name  string
	flags []string
	do    func(r *blocked)
	code  int
}

var shortGrace = []string{"--grace", "0.3"}

var stops = []stop{
	{"TERM", shortGrace, func(r *blocked) { r.signal(syscall.SIGTERM) }, 143},
	{"INT twice", []string{"--grace", "1h"}, func(r *blocked) { r.signal(syscall.SIGINT); r.pause(); r.signal(syscall.SIGINT) }, 130},
	{"USR1 and HUP", shortGrace, func(r *blocked) {
		for range 20 {
			r.signal(syscall.SIGUSR1)
		}
		r.pause()
		r.signal(syscall.SIGHUP)
	}, 129},
	{"kill -9 of the guardian", shortGrace, func(r *blocked) { r.signal(syscall.SIGKILL) }, 137},
	{"a deadline", append([]string{"--deadline", "1"}, shortGrace...), func(*blocked) {}, 124},
	{"-e", append([]string{"-e"}, shortGrace...), func(r *blocked) { r.write("fail") }, 123},
}

// wait is something that a run may wait for when it is stopped.
type wait struct {
	name    string
	flags   []string
	command []string          // its jobs; the first fails when the file fail exists
	items   []string          // nil: 1 2 3
	stdout  bool              // nobody reads it
	stderr  bool              // nobody reads it
	begin   func(r *blocked)  // prepares the run
	reached func(r *blocked)  // returns when the run waits
	never   func(s stop) bool // reports stops that do not work here
}

// failing is the start of a job that fails when the file fail exists.
const failing = `if [ {} = 1 ]; then until [ -e fail ]; do sleep 0.05; done; exit 7; fi; `

func afterFail(text string) []string { return []string{failing + text} }

func fullOut(r *blocked) { r.eventually("a full pipe", func() bool { return full(r.t, r.stdout) }) }
func fullErr(r *blocked) { r.eventually("a full pipe", func() bool { return full(r.t, r.errs) }) }

func isStopRule(s stop) bool { return s.name == "-e" }

func waits() []wait {
	const much = "seq 300000; sleep 1000; : {}"
	all := []wait{
		{name: "output", command: afterFail(much), stdout: true, reached: fullOut},
		{name: "output in order", flags: []string{"-k"}, command: []string{"seq 300000; sleep 1000; : {}"}, stdout: true, reached: fullOut, never: isStopRule},
		{name: "an echo", flags: []string{"-k", "--tag"}, command: []string{"seq 300000; echo {}; echo; sleep 1000"}, stdout: true, reached: fullOut, never: isStopRule},
		{name: "lines", flags: []string{"--output", "line"}, command: afterFail(much), stdout: true, reached: fullOut},
		{name: "a long line", flags: []string{"--output", "line"}, command: afterFail(`seq 300000 | tr "\n" x; echo; sleep 1000`), stdout: true, reached: fullOut},
		{name: "raw output", flags: []string{"--output", "raw"}, command: afterFail("seq 300000; echo {}; sleep 1000"), stdout: true, reached: fullOut},
		{name: "output of jobs that have ended", command: afterFail("seq 300000; : {}"), stdout: true, reached: fullOut},
		{name: "objects", flags: []string{"--json"}, command: afterFail("seq 300000; : {}"), stdout: true, reached: fullOut},
		{name: "errors", command: afterFail("seq 300000 >&2; sleep 1000; : {}"), stderr: true, reached: fullErr},
		{name: "a log", flags: []string{"-vv", "-a", "/dev/zero", "-0"}, command: []string{"true"}, items: []string{}, stderr: true, reached: fullErr, never: isStopRule},
		{name: "both", command: afterFail("seq 300000; seq 300000 >&2; : {}"), stdout: true, stderr: true, reached: fullOut},
		{name: "a reader of -o", flags: []string{"-o", "pipe"}, command: []string{"echo"}, begin: (*blocked).pipe, reached: (*blocked).awaitRunner, never: isStopRule},
		{name: "a writer of -a", flags: []string{"-a", "pipe"}, command: []string{"echo"}, items: []string{}, begin: (*blocked).pipe, reached: (*blocked).awaitRunner, never: isStopRule},
		{name: "the first row", flags: []string{"--csv"}, command: []string{"echo {a}"}, items: []string{}, reached: (*blocked).awaitRunner, never: isStopRule},
		{name: "a program that says nothing", flags: []string{"--persistent"}, command: []string{"sleep", "1000"}, reached: func(r *blocked) { r.awaitProcess("sleep 1000") }, never: isStopRule},
		{name: "errors of a program", flags: []string{"--persistent"}, command: []string{"yes", "1>&2"}, stderr: true, reached: func(r *blocked) { r.awaitProcess("yes") }, never: isStopRule},
		{name: "a job that ignores TERM", command: afterFail(`trap "" TERM; while :; do sleep 1; done`), reached: func(r *blocked) { r.awaitProcess("sleep 1") }},
	}
	for i := range all {
		if all[i].name == "errors of a program" {
			all[i].command = []string{"sh", "-c", "exec yes >&2"}
		}
	}
	return all
}

// blocked is a run that waits for something.
type blocked struct {
	*running
	errs *os.File // the test's end of its standard error, if that is a pipe
}

func (r *blocked) pause() { time.Sleep(100 * time.Millisecond) } // between two signals of a user

func (r *blocked) write(name string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), nil, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *blocked) pipe() {
	if err := unix.Mkfifo(filepath.Join(r.dir, "pipe"), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// awaitRunner waits for the runner.
func (r *blocked) awaitRunner() {
	r.eventually("the runner", func() bool { return len(r.processes()) >= 2 })
	r.pause() // it may not wait yet, which must not matter
}

// awaitProcess waits for a process with that command line.
func (r *blocked) awaitProcess(command string) {
	r.eventually("a process "+command, func() bool {
		return slices.ContainsFunc(r.processes(), func(pid int) bool {
			line := testkit.CommandLine(pid)
			return strings.HasPrefix(strings.ReplaceAll(line, "\x00", " "), command)
		})
	})
}

// launch starts the run, and reads its standard output unless w.stdout is set.
func (w *wait) launch(t *testing.T, mode string, flags ...string) *blocked {
	items := w.items
	if items == nil {
		items = []string{":::", "1", "2", "3"}
	}
	r := &blocked{running: prepare(t, slices.Concat([]string{"fanout", "-j4", "-p", "none"}, w.flags, flags, w.command, items)...)}
	if mode == "process" && !slices.Contains(w.flags, "--persistent") {
		r.cmd.Args = slices.Insert(r.cmd.Args, 1, "--mode", "process")
	}
	if w.begin != nil {
		w.begin(r)
	}
	if w.stderr {
		read, write := pipe(t)
		r.errs = read
		r.errors = write
		t.Cleanup(func() { read.Close() })
	}
	r.begin()
	if !w.stdout {
		go io.Copy(io.Discard, r.stdout)
	}
	return r
}

type stopped struct {
	w    wait
	s    stop
	mode string
}

// TestEveryWaitIsStopped: whatever a run waits for, each stop ends it in time, and leaves no process.
func TestEveryWaitIsStopped(t *testing.T) {
	testkit.Slow(t)
	var cases []stopped
	for i, w := range waits() {
		for j, s := range stops {
			if w.never == nil || !w.never(s) {
				cases = append(cases, stopped{w, s, []string{"thread", "process"}[(i+j)%2]})
			}
		}
	}
	runCases(t, cases, func(c stopped) string { return c.w.name + ", " + c.s.name + ", " + c.mode }, func(t *testing.T, c stopped) {
		r := c.w.launch(t, c.mode, c.s.flags...)
		c.w.reached(r)
		began := time.Now()
		c.s.do(r)
		if c.s.code == 137 {
			r.cmd.Wait()
			r.eventually("the end of all", func() bool { return len(r.processes()) == 0 })
		} else {
			r.ends(c.s.code)
		}
		// The expected time is 0.3 s of grace, two seconds, and one; a busy machine needs more.
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestTimeoutWhileOutputWaits: a timeout ends a job although nobody reads the output. A reader that comes later gets
// all of it.
func TestTimeoutWhileOutputWaits(t *testing.T) {
	testkit.Slow(t)
	var cases []reading
	for _, output := range []string{"-k", "group", "line", "raw"} {
		cases = append(cases, reading{"seq 300000; echo {}; sleep 1000", "", output, "thread"}, reading{"sleep 1000 | seq 300000; echo; sleep 1000", "", output, "process"})
	}
	runCases(t, cases, func(c reading) string { return c.mode + " " + c.output }, func(t *testing.T, c reading) {
		r := start(t, slices.Concat([]string{"fanout", "--grace", "0.2", "-t", "1", "--mode", c.mode}, outputs[c.output].flags, []string{c.script, ":::", "a", "b"})...)
		r.eventually("a full pipe", func() bool { return full(t, r.stdout) })
		jobs := func() bool {
			return slices.ContainsFunc(r.processes(), func(pid int) bool {
				line := testkit.CommandLine(pid)
				return strings.HasPrefix(line, "seq\x00") || strings.HasPrefix(line, "sleep\x00")
			})
		}
		if c.output != "raw" { // in raw mode, the second job starts only when the first has written its echo
			r.eventually("the end of the jobs", func() bool { return !jobs() })
		}
		var got bytes.Buffer
		var read sync.WaitGroup
		read.Go(func() { io.Copy(&got, r.stdout) })
		r.ends(123)
		read.Wait()
		if want := sequence(1000); !strings.Contains(got.String(), want) {
			t.Errorf("%d bytes", got.Len())
		}
	})
}

// TestStoppedWorker: a worker that got SIGSTOP delays neither a timeout nor a stop of its job.
func TestStoppedWorker(t *testing.T) {
	testkit.Slow(t)
	cases := append([]stop{{"a timeout", append([]string{"-t", "1"}, shortGrace...), func(*blocked) {}, 123}}, stops...)
	runCases(t, cases, func(s stop) string { return s.name }, func(t *testing.T, s stop) {
		w := wait{command: afterFail("exec sleep 1000")}
		r := w.launch(t, "process", s.flags...)
		r.awaitProcess("sleep 1000")
		stopped := 0
		for _, pid := range r.processes() {
			line := testkit.CommandLine(pid)
			if strings.HasPrefix(line, "sleep\x001000") {
				if _, worker := stat(pid); worker > 1 && syscall.Kill(worker, syscall.SIGSTOP) == nil {
					stopped++
				}
			}
		}
		if stopped == 0 {
			t.Fatal("no worker has a job")
		}
		began := time.Now()
		s.do(r)
		if s.name == "a timeout" {
			r.write("fail")
		}
		if s.code == 137 {
			r.cmd.Wait()
			r.eventually("the end of all", func() bool { return len(r.processes()) == 0 })
		} else {
			r.ends(s.code)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestStopWithFullSpill: a stop ends jobs that wait for room behind the head of the order.
func TestStopWithFullSpill(t *testing.T) {
	testkit.Slow(t)
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	for _, s := range stops {
		t.Run(s.name, func(t *testing.T) {
			w := wait{flags: []string{"-k", "--tmpdir", "small"}, command: []string{failing + "seq 3000000; : {}"}, stdout: true}
			r := &blocked{running: prepare(t, slices.Concat([]string{"unshare", "-m", "sh", "-c", `mkdir small && mount -t tmpfs -o size=3m none small && exec "$@"`, "sh",
				"fanout", "-j4", "-p", "none"}, w.flags, s.flags, w.command, []string{":::", "1", "2", "3"})...)}
			if out, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
				t.Skipf("no mount namespace: %v: %s", err, out)
			}
			if s.code == 124 {
				r.cmd.Args[slices.Index(r.cmd.Args, "--deadline")+1] = "4"
			}
			r.begin()
			r.eventually("a full spill", func() bool { return bytes.Contains(r.said(), []byte("nearly full")) })
			s.do(r)
			if s.code == 137 {
				r.cmd.Wait()
				r.eventually("the end of all", func() bool { return len(r.processes()) == 0 })
			} else {
				r.ends(s.code)
			}
		})
	}
}

// TestLastResort: a file on a dead server blocks every process that opens it. The run ends nevertheless, and says what
// it waits for.
func TestLastResort(t *testing.T) {
	testkit.Slow(t)
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system that does not answer")
	}
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"input":  {[]string{"-a", "dead/file", "echo"}, "the files of the run to be opened"},
		"output": {[]string{"-o", "dead/file", "echo", ":::", "a"}, "the files of the run to be opened"},
		"flags":  {[]string{"--tmpdir", "dead", "echo", ":::", "a"}, ""}, // there is no run yet, so it ends at once
		"a job":  {[]string{"echo {} > dead/file", ":::", "1"}, "jobs to end"},
	} {
		t.Run(name, func(t *testing.T) {
			fuse, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
			if err != nil {
				t.Skip(err)
			}
			defer fuse.Close()
			if out, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
				t.Skipf("no mount namespace: %v: %s", err, out)
			}
			const mount = `mkdir dead && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none dead && exec "$@"`
			r := &blocked{running: prepare(t, slices.Concat([]string{"unshare", "-m", "sh", "-c", mount, "sh", "fanout", "-j2", "--grace", "0.2"}, tt.args)...)}
			r.cmd.ExtraFiles = []*os.File{fuse}
			r.begin()
			go io.Copy(io.Discard, r.stdout)
			r.awaitProcess("fanout ")
			r.awaitRunner()
			time.Sleep(300 * time.Millisecond) // the test cannot see a wait that nobody answers
			r.signal(syscall.SIGTERM)
			r.ends(143)
			if said := string(r.said()); strings.Contains(said, "fanout: still waiting for: ") != (tt.says != "") || !strings.Contains(said, tt.says) {
				t.Errorf("it says %q", said)
			}
		})
	}
}
