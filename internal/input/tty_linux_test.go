package input

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal gives both ends of a pseudo-terminal. The master fails with EIO when
// the slave is closed, which makes it a device that breaks in the middle.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func TestBrokenDevice(t *testing.T) {
	master, slave := terminal(t)
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
	master, slave := terminal(t)
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
