package sysio

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Random fills p with random bytes: from getrandom(2) or, where that is refused, from the device. Go's
// crypto/rand ends the program in that case.
func Random(p []byte) error {
	if n, err := unix.Getrandom(p, 0); err == nil && n == len(p) {
		return nil
	}
	f, err := os.Open("/dev/urandom")
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, p)
	return err
}
