package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
	tr.Begin(ctx)
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

func TestEnds(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	for _, tt := range []struct {
		script    string
		out, errs string
		code      int
		signal    syscall.Signal
	}{
		{"exit 0", "", "", 0, 0},
		{"exit 1", "", "", 1, 0},
		{"exit 255", "", "", 255, 0},
		{"printf out; printf err >&2; exit 7", "out", "err", 7, 0},
		{"kill -KILL $$", "", "", -1, unix.SIGKILL},
		{"kill -TERM $$", "", "", -1, unix.SIGTERM},
		{"printf x; kill -SEGV $$", "x", "", -1, unix.SIGSEGV},
		{"read x; echo \"$x.\"", ".\n", "", 0, 0},
		{"exec >&-; exec 2>&-; sleep 0.01; exit 3", "", "", 3, 0},
	} {
		o := pipeline(t, t.Context(), tr, nil, sh(tt.script))
		st := o.results[0].Status
		if st.ExitStatus() != tt.code || tt.signal != 0 && st.Signal() != tt.signal || st.Signaled() != (tt.signal != 0) {
			t.Errorf("%s: status %x", tt.script, st)
		}
		if o.out.String() != tt.out || o.errs.String() != tt.errs {
			t.Errorf("%s: %q and %q", tt.script, &o.out, &o.errs)
		}
		if o.held || o.terminated {
			t.Errorf("%s: held %v, terminated %v", tt.script, o.held, o.terminated)
		}
	}
}

func TestPipelines(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	within(t, patient, func() {
		o := pipeline(t, t.Context(), tr, nil, []string{"yes"}, []string{"head", "-n", "2"})
		if o.out.String() != "y\ny\n" || o.results[0].Status.Signal() != unix.SIGPIPE || o.results[1].Status != 0 {
			t.Errorf("yes | head: %q, %v", &o.out, o.results)
		}
		o = pipeline(t, t.Context(), tr, nil, sh("echo a; exit 3"), []string{"cat"}, sh("cat; exit 4"))
		if o.out.String() != "a\n" || o.results[0].Status.ExitStatus() != 3 || o.results[2].Status.ExitStatus() != 4 {
			t.Errorf("three: %q, %v", &o.out, o.results)
		}
		// The first has ended before the second starts: the group is still there for it.
		tr.Begin(t.Context())
		var out, errs bytes.Buffer
		stdout, stderr, _ := tr.Capture(&out, &errs)
		start := func(argv ...string) {
			path, _ := LookPath(argv[0], os.Getenv("PATH"), "")
			if err := tr.Start(&Command{Path: path, Argv: argv, Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}); err != nil {
				t.Error(err)
			}
		}
		start("true")
		awaitExit(tr.group)
		start("echo", "late")
		for _, p := range tr.procs[1:] {
			if group, err := unix.Getpgid(p.pid); err == nil && group != tr.group {
				t.Errorf("group %d, not %d", group, tr.group)
			}
		}
		tr.Wait()
		tr.Finish()
		if out.String() != "late\n" {
			t.Errorf("late: %q %q", &out, &errs)
		}
	})
}

func TestOutputs(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	const size = 5 << 20
	o := pipeline(t, t.Context(), tr, nil, sh(fmt.Sprintf("head -c %d /dev/zero; head -c %d /dev/zero >&2", size, size)))
	if o.out.Len() != size || o.errs.Len() != size {
		t.Errorf("%d and %d bytes", o.out.Len(), o.errs.Len())
	}
}

// readPipe takes one byte at a time, and now and then has no room.
type readPipe struct {
	bytes.Buffer
	calls int
}

func (r *readPipe) ReadPipe(fd int) (int, error) {
	if r.calls++; r.calls%3 == 0 {
		return 0, unix.EAGAIN
	}
	var b [1]byte
	n, err := unix.Read(fd, b[:])
	if n <= 0 || err != nil {
		return 0, err
	}
	return r.Write(b[:n])
}

type failing struct{ io.Writer }

func (failing) Write([]byte) (int, error)      { return 0, errors.New("full") }
func (f failing) ReadPipe(fd int) (int, error) { return 0, errors.New("full") }

type inheritable struct{ *os.File }

func (i inheritable) Fd() int { return int(i.File.Fd()) }

func TestWriters(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	run := func(out io.Writer, script string) syscall.WaitStatus {
		tr.Begin(t.Context())
		stdout, stderr, err := tr.Capture(out, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Start(&Command{Path: "/bin/sh", Argv: sh(script), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}); err != nil {
			t.Fatal(err)
		}
		st := tr.Wait()[0].Status
		if tr.Finish() {
			t.Errorf("%s: held", script)
		}
		return st
	}
	var slow readPipe
	if st := run(&slow, "printf hello"); st != 0 || slow.String() != "hello" {
		t.Errorf("ReadPipe: %v, %q", st, &slow)
	}
	// An output that fails is not read on: its job gets SIGPIPE and no hang.
	within(t, patient, func() {
		if st := run(failing{}, "exec yes"); st.Signal() != unix.SIGPIPE {
			t.Errorf("failing: %x", st)
		}
	})
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	run(inheritable{file}, "printf straight")
	if text, _ := os.ReadFile(file.Name()); string(text) != "straight" {
		t.Errorf("inherited: %q", text)
	}
}

// TestHeld: a background child that holds the output keeps nobody waiting, and
// is left alone.
func TestHeld(t *testing.T) {
	tr := tree(t, supervisor(t, Spec{Grace: patient, Linger: 20 * time.Millisecond}))
	m := mark(t)
	defer reapMarked(m)
	within(t, patient/2, func() {
		o := pipeline(t, t.Context(), tr, nil, sh("echo before; sleep "+m+" & echo after"))
		if !o.held || o.out.String() != "before\nafter\n" || o.results[0].Status != 0 {
			t.Errorf("held %v, %q", o.held, &o.out)
		}
	})
	if len(marked(m)) == 0 {
		t.Error("the background child was ended")
	}
	// One that lets go within the linger is waited for, with all that it prints.
	tr = tree(t, supervisor(t, normal))
	within(t, patient, func() {
		o := pipeline(t, t.Context(), tr, nil, sh("(sleep 0.05; echo child) & echo parent"))
		if o.held || o.out.String() != "parent\nchild\n" {
			t.Errorf("held %v, %q", o.held, &o.out)
		}
	})
	// One that holds other files only is not noticed.
	o := pipeline(t, t.Context(), tr, nil, sh("sleep "+m+" >/dev/null 2>&1 & echo parent"))
	if o.held || o.out.String() != "parent\n" {
		t.Errorf("held %v, %q", o.held, &o.out)
	}
}

// slowly is an output that is slower than what prints to it.
type slowly struct{}

func (slowly) Write(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return len(p), nil
}

// TestHeldAndLoud: also one that never stops printing is not read on for ever.
func TestHeldAndLoud(t *testing.T) {
	tr := tree(t, supervisor(t, Spec{Grace: patient, Linger: 20 * time.Millisecond}))
	m := mark(t)
	defer reapMarked(m)
	tr.Begin(t.Context())
	stdout, stderr, err := tr.Capture(slowly{}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	script := "yes " + m + " & yes " + m + " &"
	if err := tr.Start(&Command{Path: "/bin/sh", Argv: sh(script), Env: os.Environ(), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}); err != nil {
		t.Fatal(err)
	}
	within(t, patient/4, func() {
		tr.Wait()
		if !tr.Finish() {
			t.Error("not held")
		}
	})
	noneLeft(t, m) // they get SIGPIPE
}

func TestFeed(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	big := strings.Repeat("0123456789abcde\n", 1<<16) // 1 MiB
	for _, tt := range []struct {
		pieces []string
		script string
		want   string
	}{
		{[]string{}, "cat", ""},
		{[]string{""}, "cat", ""},
		{[]string{"a", "", "b\n", ""}, "cat", "ab\n"},
		{[]string{big, "\n", big}, "cat", big + "\n" + big},
		{[]string{big}, "sleep 0.05; cat", big},
		{[]string{big}, "head -c 3", "012"}, // EPIPE
		{[]string{big}, "exit 0", ""},
		{[]string{big}, "exec <&-; echo x", "x\n"},
	} {
		within(t, patient, func() {
			o := pipeline(t, t.Context(), tr, tt.pieces, sh(tt.script))
			if o.out.String() != tt.want || o.held || o.results[0].Status != 0 {
				t.Errorf("%d pieces, %s: %d bytes, want %d", len(tt.pieces), tt.script, o.out.Len(), len(tt.want))
			}
		})
	}
}

// TestOwed: what is owed to a reader is waited for, until the job is stopped.
func TestOwed(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	big := strings.Repeat("x", 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	owe := func() *os.File {
		tr.Begin(ctx)
		r, w, err := pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.FeedTo(w, []string{big}, true); err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(r), "reader")
	}
	reader := owe()
	got := make(chan int)
	go func() {
		text, _ := io.ReadAll(reader)
		got <- len(text)
	}()
	tr.Wait()
	tr.Finish()
	if n := <-got; n != len(big) {
		t.Errorf("%d of %d bytes arrived", n, len(big))
	}
	reader.Close()
	reader = owe()
	defer reader.Close()
	cancel()
	within(t, patient, func() {
		tr.Wait()
		tr.Finish()
	})
}

func TestFailingStart(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/plain", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/junk", []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		dir + "/missing": unix.ENOENT,
		dir + "/plain":   unix.EACCES,
		dir:              unix.EACCES,
		dir + "/junk":    unix.ENOEXEC,
	} {
		o := pipeline(t, t.Context(), tr, []string{"fed"}, []string{path})
		if len(o.startErrors) != 1 || o.startErrors[0] != want || len(o.results) != 0 || o.held {
			t.Errorf("%s: %v, %v", path, o.startErrors, o.results)
		}
	}
	o := pipeline(t, t.Context(), tr, nil, []string{"yes"}, []string{dir + "/missing"}) // nobody reads what the first writes
	if len(o.results) != 1 || o.results[0].Status.Signal() != unix.SIGPIPE {
		t.Errorf("%v", o.results)
	}
}

// TestNothingLeaks: neither descriptors nor zombies, whatever happens to the jobs.
func TestNothingLeaks(t *testing.T) {
	s := supervisor(t, Spec{Grace: 20 * time.Millisecond, Linger: time.Millisecond})
	m := mark(t)
	defer reapMarked(m)
	trees := make([]*Tree, 4)
	for i := range trees {
		trees[i] = tree(t, s)
	}
	round := func(jobs int) {
		var slots sync.WaitGroup
		for _, tr := range trees {
			slots.Go(func() {
				for i := range jobs {
					ctx, cancel := context.WithCancel(context.Background())
					switch i % 6 {
					case 0:
						pipeline(t, ctx, tr, []string{"x"}, []string{"cat"}, []string{"cat"})
					case 1:
						pipeline(t, ctx, tr, []string{"x"}, []string{"/does/not/exist"})
					case 2:
						pipeline(t, ctx, tr, nil, []string{"cat"}, []string{"/does/not/exist"}, []string{"cat"})
					case 3:
						time.AfterFunc(time.Millisecond, cancel)
						pipeline(t, ctx, tr, []string{"x"}, []string{"sleep", m})
					case 4:
						pipeline(t, ctx, tr, nil, sh("sleep "+m+" &"))
					case 5:
						cancel()
						pipeline(t, ctx, tr, []string{"x"}, []string{"true"})
					}
					cancel()
				}
			})
		}
		slots.Wait()
		reapMarked(m)
	}
	round(6)
	before := openFiles(t)
	round(60)
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err == nil && len(children) > 0 {
		t.Errorf("children left: %s", children)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

// TestNoDescriptors: when the system has none left the Tree says so, and touches
// no descriptor that is not its own.
func TestNoDescriptors(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	probe, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(probe)
	for room := range 4 {
		less := limit
		less.Cur = uint64(probe + room)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &less); err != nil {
			t.Fatal(err)
		}
		tr.Begin(t.Context())
		_, _, err := tr.Capture(io.Discard, io.Discard)
		if err == nil {
			_, err = tr.Feed([]string{"x"})
		}
		tr.Finish()
		unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
		if err != unix.EMFILE {
			t.Errorf("room for %d: %v", room, err)
		}
	}
	var st unix.Stat_t
	for fd := range 3 {
		if err := unix.Fstat(fd, &st); err != nil {
			t.Fatalf("descriptor %d was closed", fd)
		}
	}
	o := pipeline(t, t.Context(), tr, nil, sh("echo ok"))
	if o.out.String() != "ok\n" {
		t.Errorf("%q", &o.out)
	}
}

// TestInherited: a process gets its three descriptors and, but for what the test
// itself was started with, no other.
func TestInherited(t *testing.T) {
	want := map[string]bool{"0": true, "1": true, "2": true, "3": true} // 3 is the folder's
	for fd := 3; fd < 1000; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			want[strconv.Itoa(fd)] = true
		}
	}
	s := supervisor(t, normal)
	var slots sync.WaitGroup
	for range 4 {
		tr := tree(t, s)
		slots.Go(func() {
			for range 25 {
				o := pipeline(t, t.Context(), tr, []string{"x"}, []string{"ls", "/proc/self/fd"}, []string{"cat"})
				for _, fd := range strings.Fields(o.out.String()) {
					if !want[fd] {
						t.Errorf("descriptors: %q", &o.out)
					}
				}
			}
		})
	}
	slots.Wait()
}

func TestWithoutPidfds(t *testing.T) {
	tr := tree(t, supervisor(t, Spec{Grace: 20 * time.Millisecond, Linger: patient}))
	start := func(ctx context.Context, script string) Result {
		var out bytes.Buffer
		tr.Begin(ctx)
		stdout, stderr, err := tr.Capture(&out, &out)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tr.sup.fork(&Command{Path: "/bin/sh", Argv: sh(script), Env: os.Environ(), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(p.pidfd)
		p.pidfd = -1
		p.exited = make(chan struct{})
		go p.watch(tr.wake)
		tr.group = p.pid
		tr.procs = append(tr.procs, p)
		res := tr.Wait()[0]
		tr.Finish()
		return res
	}
	within(t, patient, func() {
		for range 20 {
			if res := start(t.Context(), "exit 5"); res.Status.ExitStatus() != 5 {
				t.Errorf("%x", res.Status)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		m := mark(t)
		time.AfterFunc(10*time.Millisecond, cancel)
		if res := start(ctx, "trap '' TERM; while :; do sleep "+m+"; done"); res.Status.Signal() != unix.SIGKILL {
			t.Errorf("%x", res.Status)
		}
		noneLeft(t, m)
	})
}

func TestRetriesBusyProgram(t *testing.T) {
	file := t.TempDir() + "/program"
	w, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	io.WriteString(w, "#!/bin/sh\nexit 9\n")
	tr := tree(t, supervisor(t, normal))
	time.AfterFunc(20*time.Millisecond, func() { w.Close() })
	if o := pipeline(t, t.Context(), tr, nil, []string{file}); len(o.results) != 1 || o.results[0].Status.ExitStatus() != 9 {
		t.Errorf("%v, %v", o.startErrors, o.results)
	}
}

func TestUsage(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	o := pipeline(t, t.Context(), tr, nil, sh("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"))
	if r := o.results[0]; r.User <= 0 || r.User > patient || r.MaxRSS < 100<<10 || r.MaxRSS > 1<<32 {
		t.Errorf("%+v", r)
	}
}
