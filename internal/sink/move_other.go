//go:build !linux

package sink

import "golang.org/x/sys/unix"

// Splice is not to be had on this system.
func (f *File) Splice(int) (n int, ok bool, err error) { return 0, false, nil }

// SendFile writes up to n bytes of a file, from off, past what was gathered. Like
// TryWrite it may answer EAGAIN.
func (f *File) SendFile(file int, off int64, n int) (int, error) {
	return f.copyFile(file, off, n)
}

func IsTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TIOCGETA)
	return err == nil
}
