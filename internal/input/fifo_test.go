package input

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFifo: fanout waits until a FIFO has a writer, and ends with it.
func TestFifo(t *testing.T) {
	path := fifo(t)
	next := pull(t, Spec{Delimiter: "\n", Sources: []Source{{Path: path, IsFile: true}}}, nil)
	done := make(chan error, 1)
	time.AfterFunc(10*time.Millisecond, func() { done <- os.WriteFile(path, []byte("a\nb\n"), 0) })
	var got []string
	for item, err, ok := next(); ok; item, err, ok = next() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, item.String())
	}
	if err := <-done; err != nil || !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestFifoInterrupt: nothing hangs when a FIFO has no writer.
func TestFifoInterrupt(t *testing.T) {
	in, err := Open(Spec{Delimiter: "\n", Sources: []Source{{Path: fifo(t), IsFile: true}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for item, err := range in.Items(ctx) {
		if err != context.DeadlineExceeded {
			t.Errorf("%q, %v", item.Fields, err)
		}
	}
	if ctx.Err() == nil {
		t.Error("it ended by itself")
	}
}

func TestPipeTwice(t *testing.T) {
	path := fifo(t)
	spec := Spec{Delimiter: "\n", Sources: []Source{{Path: path, IsFile: true}, {Path: path, IsFile: true}}}
	if _, err := Open(spec, nil); err == nil || !strings.Contains(err.Error(), "same pipe") {
		t.Errorf("%v", err)
	}
	src := fileOf(t, "a\nb\n")
	items, err := read(t, Spec{Delimiter: "\n", Sources: []Source{src, src}}, nil)
	if err != nil || len(items) != 4 {
		t.Errorf("a file twice: %q, %v", fields(t, items), err)
	}
}
