package sysio

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestFailedCalls fails every call: the system answers -1, and the count is 0.
func TestFailedCalls(t *testing.T) {
	var p [1]byte
	const none = -1 // a descriptor that nothing is open at
	for name, call := range map[string]func() (int, error){
		"read":     func() (int, error) { return Read(none, p[:]) },
		"write":    func() (int, error) { return Write(none, p[:]) },
		"pread":    func() (int, error) { return Pread(none, p[:], 0) },
		"pwrite":   func() (int, error) { return Pwrite(none, p[:], 0) },
		"send":     func() (int, error) { return Send(none, p[:], 0) },
		"splice":   func() (int, error) { return Splice(none, none, 1, 0) },
		"sendfile": func() (int, error) { return Sendfile(none, none, 0, 1) },
	} {
		if n, err := call(); n != 0 || err != unix.EBADF {
			t.Errorf("%s: %d, %v; want 0, %v", name, n, err, unix.EBADF)
		}
	}
}
