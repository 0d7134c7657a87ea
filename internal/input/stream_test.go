package input

import (
	"context"
	"errors"
	"iter"
	"os"
	"reflect"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// testkit.Pipe is a pipe whose read end is as a shell hands it over: without
// O_NONBLOCK and unknown to the poller of the Go runtime.
func nonblockingPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func write(t *testing.T, w *os.File, text string) {
	t.Helper()
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func isNonblocking(t *testing.T, f *os.File) bool {
	t.Helper()
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var flags int
	conn.Control(func(fd uintptr) { flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.O_NONBLOCK != 0
}

// pull opens a Spec and pulls from it, for at most ten seconds.
func pull(t *testing.T, spec Spec, stdin *os.File) func() (job.Item, error, bool) {
	t.Helper()
	in, err := Open(spec, stdin)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	next, stop := iter.Pull2(in.Items(ctx))
	t.Cleanup(func() { stop(); cancel() })
	return next
}

// TestStreaming: an item comes when its delimiter does, with the pipe still open.
func TestStreaming(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spec   Spec
		chunks []string // each completes one item
		want   []string
	}{
		{"lines", Spec{Delimiter: "\n"}, []string{"a\nb", "c\n", "\nd"}, []string{"a", "bc", ""}},
		{"several bytes", Spec{Delimiter: "\r\n"}, []string{"a\r\nb\r", "\n", "c\r\n\r"}, []string{"a", "b", "c"}},
		{"words", Spec{Format: Shell}, []string{"a 'b", " c' d", "\n"}, []string{"a", "b c", "d"}},
		{"product", Spec{Delimiter: "\n", Sources: []Source{{Path: "-", IsFile: true}, argsOf("1")}}, []string{"a\n", "b\n"}, []string{"a 1", "b 1"}},
		{"link", Spec{Delimiter: "\n", Link: Equal, Sources: []Source{argsOf("1", "2"), {Path: "-", IsFile: true}}}, []string{"a\n", "b\n"}, []string{"1 a", "2 b"}},
	} {
		for mode, pipe := range map[string]func(*testing.T) (r, w *os.File){"blocking": testkit.Pipe, "nonblocking": nonblockingPipe} {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				r, w := pipe(t)
				next := pull(t, tt.spec, r)
				for i, chunk := range tt.chunks {
					write(t, w, chunk)
					if item, err, ok := next(); err != nil || !ok || item.String() != tt.want[i] {
						t.Fatalf("after %q: %q, %v, %v; want %q", chunk, item.Fields, err, ok, tt.want[i])
					}
				}
			})
		}
	}
}

// TestInterrupt ends the context of a read that blocks.
func TestInterrupt(t *testing.T) {
	why := errors.New("the user said so")
	for mode, pipe := range map[string]func(*testing.T) (r, w *os.File){"blocking": testkit.Pipe, "nonblocking": nonblockingPipe} {
		t.Run(mode, func(t *testing.T) {
			r, w := pipe(t)
			write(t, w, "a\ntorn")
			before, flag := testkit.OpenFiles(t), isNonblocking(t, r)
			in, err := Open(Spec{Delimiter: "\n"}, r)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			next, stop := iter.Pull2(in.Items(ctx))
			defer stop()
			if item, err, ok := next(); !ok || err != nil || item.String() != "a" {
				t.Fatal(item, err, ok)
			}
			var cancelled time.Time
			timer := time.AfterFunc(20*time.Millisecond, func() { cancelled = time.Now(); cancel(why) })
			defer timer.Stop()
			item, err, ok := next()
			if took := time.Since(cancelled); took > 100*time.Millisecond {
				t.Errorf("it took %v", took)
			}
			if !ok || err != why || item.Fields != nil {
				t.Errorf("%q, %v, %v; want the cause", item.Fields, err, ok)
			}
			if _, _, ok := next(); ok {
				t.Error("something came after the cause")
			}
			if after := testkit.OpenFiles(t); after != before {
				t.Errorf("%d files are open, %d were before", after, before)
			}
			if isNonblocking(t, r) != flag {
				t.Error("the mode of standard input was changed")
			}
		})
	}
}

// TestInterruptBeforeItems: buffered items and arguments are not yielded after the context has ended.
func TestInterruptBeforeItems(t *testing.T) {
	for name, src := range map[string]Source{"file": fileOf(t, "a\nb\nc\n"), "arguments": argsOf("a", "b", "c")} {
		in, err := Open(Spec{Delimiter: "\n", Sources: []Source{src}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var got []string
		for item, err := range in.Items(ctx) {
			got = append(got, item.String())
			if len(got) == 2 && err != context.Canceled {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
		}
		if !reflect.DeepEqual(got, []string{"a", ""}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
