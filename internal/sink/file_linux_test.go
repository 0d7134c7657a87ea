package sink

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = testkit.Patience

func file(t *testing.T, fd int) *File {
	t.Helper()
	f, err := NewFile(fd, "standard output")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func socketPair(t *testing.T) (r, w *os.File) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ends(t, p)
}

func ends(t *testing.T, p [2]int) (r, w *os.File) {
	r, w = os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func nonblocking(t *testing.T, fd int) bool {
	t.Helper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.O_NONBLOCK != 0
}

// outputs are the kinds of output, each with a reader for what was written.
func outputs(t *testing.T) map[string]func(t *testing.T) (w *os.File, read func() string) {
	all := func(make func(*testing.T) (r, w *os.File)) func(t *testing.T) (*os.File, func() string) {
		return func(t *testing.T) (*os.File, func() string) {
			r, w := make(t)
			got := goRead(r)
			return w, func() string { w.Close(); return <-got }
		}
	}
	return map[string]func(t *testing.T) (*os.File, func() string){
		"pipe":   all(testkit.Pipe),
		"socket": all(socketPair),
		"shared O_NONBLOCK pipe": all(func(t *testing.T) (r, w *os.File) {
			r, w = testkit.Pipe(t)
			unix.SetNonblock(testkit.Descriptor(t, w), true)
			return r, w
		}),
		"shared O_NONBLOCK socket": all(func(t *testing.T) (r, w *os.File) {
			r, w = socketPair(t)
			unix.SetNonblock(testkit.Descriptor(t, w), true)
			return r, w
		}),
		"file":          fileOutput(0),
		"appended file": fileOutput(os.O_APPEND),
	}
}

func goRead(r io.Reader) <-chan string {
	got := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(r)
		got <- string(text)
	}()
	return got
}

func fileOutput(flag int) func(t *testing.T) (*os.File, func() string) {
	return func(t *testing.T) (*os.File, func() string) {
		name := t.TempDir() + "/out"
		w, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		return w, func() string { text, _ := os.ReadFile(name); return string(text) }
	}
}

// TestBytes: all bytes arrive, by any way and at any kind of output.
func TestBytes(t *testing.T) {
	big := make([]byte, 3<<20+7)
	for i := range big {
		big[i] = byte(i * i >> 3)
	}
	spilled, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer spilled.Close()
	spilled.Write(big)
	for name, open := range outputs(t) {
		t.Run(name, func(t *testing.T) {
			w, read := open(t)
			f := file(t, testkit.Descriptor(t, w))
			var want bytes.Buffer
			check := func(err error) {
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range [][]byte{[]byte("small "), nil, big[:coalesce-1], []byte("x"), big[:coalesce], big[:coalesce+1], big, []byte("end")} {
				_, err := f.Write(p)
				check(err)
				want.Write(p)
			}
			if !f.Pending() {
				t.Error("nothing is pending")
			}
			check(f.Flush())
			if f.Pending() {
				t.Error("something is pending")
			}
			for off := int64(0); off < int64(len(big)); {
				n, full, err := f.SendFile(testkit.Descriptor(t, spilled), off, len(big)-int(off))
				check(err)
				if full {
					check(f.AwaitReader())
				}
				off += int64(n)
			}
			want.Write(big)
			from, to := testkit.Pipe(t)
			go func() { to.Write(big); to.Close() }()
			poll := []unix.PollFd{{Fd: int32(testkit.Descriptor(t, from)), Events: unix.POLLIN}}
			for {
				unix.Poll(poll, -1)
				n, full, err := f.Splice(testkit.Descriptor(t, from))
				if err == errors.ErrUnsupported {
					rest, _ := io.ReadAll(from)
					_, err = f.Write(rest)
					check(err)
					check(f.Flush())
					break
				}
				check(err)
				if full {
					f.AwaitMoment()
				} else if n == 0 {
					break
				}
			}
			want.Write(big)
			f.Close()
			if got := read(); got != want.String() {
				t.Errorf("%d bytes arrived, %d were written", len(got), want.Len())
			}
		})
	}
}

// TestDescriptionIsLeftAlone: what other programs share stays as it was.
func TestDescriptionIsLeftAlone(t *testing.T) {
	for name, open := range outputs(t) {
		w, _ := open(t)
		fd := testkit.Descriptor(t, w)
		before := nonblocking(t, fd)
		f := file(t, fd)
		if name == "pipe" && (!f.private || !nonblocking(t, f.fd)) {
			t.Errorf("%s: no description of our own", name)
		}
		f.Write([]byte("x"))
		f.Flush()
		if f.Fd() != fd || nonblocking(t, fd) != before {
			t.Errorf("%s: the description has changed", name)
		}
		f.Close()
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			t.Errorf("%s: closed: %v", name, err)
		}
	}
}

func TestFullDevice(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	f := file(t, testkit.Descriptor(t, full))
	if _, err := f.Write([]byte("x")); err != nil {
		t.Error("gathering fails:", err)
	}
	err = f.Flush()
	if !errors.Is(err, unix.ENOSPC) || err.Error() != "writing standard output: no space left on device" {
		t.Errorf("%v", err)
	}
}

func TestClosedOutput(t *testing.T) {
	f := file(t, 1<<20)
	f.Write([]byte("x"))
	if err := f.Flush(); !errors.Is(err, unix.EBADF) || !strings.Contains(err.Error(), "standard output") {
		t.Errorf("%v", err)
	}
}

// TestSpliceToFullPipe: where there is no room, 0 bytes are moved, not -1.
func TestSpliceToFullPipe(t *testing.T) {
	_, w := testkit.Pipe(t)
	f := file(t, testkit.Descriptor(t, w))
	fill(t, f)
	from, give := testkit.Pipe(t)
	if _, err := give.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if n, full, err := f.Splice(testkit.Descriptor(t, from)); n != 0 || !full || err != nil {
		t.Errorf("%d, %t, %v; want 0, true, nil", n, full, err)
	}
}

// TestBorrowedPipe: a pipe that cannot be opened once more, such as another user's, does
// not block either.
func TestBorrowedPipe(t *testing.T) {
	r, w := testkit.Pipe(t)
	f := file(t, testkit.Descriptor(t, w))
	unix.Close(f.fd)
	f.fd, f.private, f.most = f.given, false, 4096
	text := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	testkit.Within(t, patient, "TryWrite", func() {
		sent := 0
		for full, err := false, error(nil); !full && err == nil; {
			var n int
			n, full, err = f.TryWrite(text)
			sent += n
		}
		if sent == 0 || sent > 1<<20 {
			t.Errorf("%d bytes fit into a pipe", sent)
		}
		got := make([]byte, sent)
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got[:4096], text[:4096]) {
			t.Errorf("%v, or other bytes", err)
		}
	})
	f.Stop()
	testkit.Within(t, patient, "Write", func() {
		if _, err := f.Write(bytes.Repeat(text, 8)); !errors.Is(err, ErrStopped) {
			t.Errorf("after Stop: %v", err)
		}
	})
}
