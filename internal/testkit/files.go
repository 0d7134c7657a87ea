package testkit

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// OpenFiles counts the descriptors of this process.
func OpenFiles(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// Pipe makes a pipe as a shell does: it blocks, and Go's poller does not know it. Both ends are closed after the test.
func Pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var p [2]int
	syscall.ForkLock.RLock() // a child would keep the ends open
	err := syscall.Pipe(p[:])
	for _, fd := range p {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// Descriptor returns the descriptor of a file, which stays as it is: Fd would make it block.
func Descriptor(t testing.TB, f *os.File) (fd int) {
	t.Helper()
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Control(func(n uintptr) { fd = int(n) })
	return fd
}

// HostileItems reads testdata/items.txt, whose path is given: items that would do harm, or change, if they were read as
// anything else than data.
func HostileItems(t testing.TB, path string) (items []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		item, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		items = append(items, item)
	}
	return items
}
