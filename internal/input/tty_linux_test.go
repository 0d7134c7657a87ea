package input

import (
	"errors"
	"reflect"
	"testing"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

func TestBrokenDevice(t *testing.T) {
	master, slave := testkit.Terminal(t)
	write(t, slave, "a,b,torn")
	slave.Close()
	items, err := read(t, Spec{Delimiter: ","}, master)
	if got := fields(t, items); !reflect.DeepEqual(got, [][]string{{"a"}, {"b"}}) {
		t.Errorf("items %q", got)
	}
	if !errors.Is(err, unix.EIO) || err.Error() != "reading standard input: input/output error" {
		t.Errorf("error %v", err)
	}
}

// TestTerminal: typed lines come one by one, and one end of file is enough.
func TestTerminal(t *testing.T) {
	master, slave := testkit.Terminal(t)
	next := pull(t, Spec{Delimiter: "\n"}, slave)
	write(t, master, "a\n")
	if item, err, ok := next(); !ok || err != nil || item.String() != "a" {
		t.Fatal(item, err, ok)
	}
	const ctrlD = "\x04"
	write(t, master, "b"+ctrlD+ctrlD)
	if item, err, ok := next(); !ok || err != nil || item.String() != "b" {
		t.Fatal(item, err, ok)
	}
	if item, err, ok := next(); ok {
		t.Fatal(item, err, ok)
	}
}

// TestUnreadableAfterOpen: a regular file may fail only when it is read.
func TestUnreadableAfterOpen(t *testing.T) {
	mem := Source{Path: "/proc/self/mem", IsFile: true}
	for _, sources := range [][]Source{{mem}, {argsOf("a"), mem}} {
		items, err := read(t, Spec{Delimiter: "\n", Sources: sources}, nil)
		if len(items) != 0 || !errors.Is(err, unix.EIO) || err.Error() != "reading /proc/self/mem: input/output error" {
			t.Errorf("%d sources: %d items, %v", len(sources), len(items), err)
		}
	}
}
