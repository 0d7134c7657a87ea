package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

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
	testkit.Within(t, patient, "the job", func() {
		o := pipeline(t, t.Context(), tr, nil, []string{"yes"}, []string{"head", "-n", "2"})
		if o.out.String() != "y\ny\n" || o.results[0].Status.Signal() != unix.SIGPIPE || o.results[1].Status != 0 {
			t.Errorf("yes | head: %q, %v", &o.out, o.results)
		}
		o = pipeline(t, t.Context(), tr, nil, sh("echo a; exit 3"), []string{"cat"}, sh("cat; exit 4"))
		if o.out.String() != "a\n" || o.results[0].Status.ExitStatus() != 3 || o.results[2].Status.ExitStatus() != 4 {
			t.Errorf("three: %q, %v", &o.out, o.results)
		}
		// The first has ended before the second starts: the group is still there for it.
		tr.Begin(t.Context(), "")
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
		for _, p := range tr.children[1:] {
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

// readPipe reads one byte at a time, and now and then has no room.
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
		tr.Begin(t.Context(), "")
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
	// An output that fails is not read any more: its job gets SIGPIPE and does not hang.
	testkit.Within(t, patient, "the job", func() {
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

// TestHeld: a background child that holds the output delays nothing, and is left alone.
func TestHeld(t *testing.T) {
	tr := tree(t, supervisor(t, Spec{Grace: patient, Linger: 20 * time.Millisecond}))
	m := mark(t)
	defer reapMarked(m)
	testkit.Within(t, patient/2, "the job", func() {
		o := pipeline(t, t.Context(), tr, nil, sh("echo before; sleep "+m+" & echo after"))
		if !o.held || o.out.String() != "before\nafter\n" || o.results[0].Status != 0 {
			t.Errorf("held %v, %q", o.held, &o.out)
		}
	})
	if len(marked(m)) == 0 {
		t.Error("the background child was ended")
	}
	// A child that closes the output within the linger is waited for, with all that it prints.
	tr = tree(t, supervisor(t, normal))
	testkit.Within(t, patient, "the job", func() {
		o := pipeline(t, t.Context(), tr, nil, sh("(sleep 0.05; echo child) & echo parent"))
		if o.held || o.out.String() != "parent\nchild\n" {
			t.Errorf("held %v, %q", o.held, &o.out)
		}
	})
	// A child that holds only other files does not matter.
	o := pipeline(t, t.Context(), tr, nil, sh("sleep "+m+" >/dev/null 2>&1 & echo parent"))
	if o.held || o.out.String() != "parent\n" {
		t.Errorf("held %v, %q", o.held, &o.out)
	}
}

// slowly is an output that is slower than the program that prints to it.
type slowly struct{}

func (slowly) Write(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return len(p), nil
}

// TestHeldAndLoud: a child that never stops printing is not read for ever either.
func TestHeldAndLoud(t *testing.T) {
	tr := tree(t, supervisor(t, Spec{Grace: patient, Linger: 20 * time.Millisecond}))
	m := mark(t)
	defer reapMarked(m)
	tr.Begin(t.Context(), "")
	stdout, stderr, err := tr.Capture(slowly{}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	script := "yes " + m + " & yes " + m + " &"
	if err := tr.Start(&Command{Path: "/bin/sh", Argv: sh(script), Env: os.Environ(), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}); err != nil {
		t.Fatal(err)
	}
	testkit.Within(t, patient/4, "the job", func() {
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
		testkit.Within(t, patient, "the job", func() {
			o := pipeline(t, t.Context(), tr, tt.pieces, sh(tt.script))
			if o.out.String() != tt.want || o.held || o.results[0].Status != 0 {
				t.Errorf("%d pieces, %s: %d bytes, want %d", len(tt.pieces), tt.script, o.out.Len(), len(tt.want))
			}
		})
	}
}

// TestOwed: Wait waits until a reader has taken what is owed to it, or the job is stopped.
func TestOwed(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	big := strings.Repeat("x", 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	owe := func() *os.File {
		tr.Begin(ctx, "")
		r, w, err := pipe()
		if err != nil {
			t.Fatal(err)
		}
		tr.FeedTo(w, []string{big}, true)
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
	testkit.Within(t, patient, "the job", func() {
		tr.Wait()
		tr.Finish()
	})
}
