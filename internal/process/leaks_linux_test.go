package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

func TestFailingStart(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/plain", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/junk", []byte("\x00x"), 0o755); err != nil {
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

// TestNothingLeaks: jobs leave neither descriptors nor zombies, whatever happens to them.
func TestNothingLeaks(t *testing.T) {
	s := adopting(t, Spec{Grace: 20 * time.Millisecond, Linger: time.Millisecond})
	m := mark(t)
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
		s.EndLeftovers(false)
	}
	round(6)
	before := testkit.OpenFiles(t)
	round(60)
	if after := testkit.OpenFiles(t); after > before {
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

// TestNoDescriptors: when the system has no more descriptors, the Tree says so, and touches no descriptor that is not
// its own.
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
		tr.Begin(t.Context(), "")
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

// TestInherited: a process gets its three descriptors and, but for those that the test itself was started with, no
// other.
func TestInherited(t *testing.T) {
	want := map[string]bool{"0": true, "1": true, "2": true, "3": true} // 3 is ls's own
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
		tr.Begin(ctx, "")
		stdout, stderr, err := tr.Capture(&out, &out)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tr.sup.fork(&tr.spawner, &Command{Path: "/bin/sh", Argv: sh(script), Env: os.Environ(), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}, 0, func(child) {})
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(p.pidfd)
		p.pidfd = -1
		p.exited = make(chan struct{})
		go p.watch(tr.wake)
		tr.group = p.pid
		tr.children = append(tr.children, p)
		res := tr.Wait()[0]
		tr.Finish()
		return res
	}
	testkit.Within(t, patient, "the job", func() {
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
