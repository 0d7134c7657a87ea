//go:build !linux

package sink

import "errors"

// Splice is not available on this system.
func (f *File) Splice(int) (n int, full bool, err error) { return 0, false, errors.ErrUnsupported }

// SendFile writes, past what was gathered, up to n bytes of a file from off, as much as is taken now.
func (f *File) SendFile(file int, off int64, n int) (sent int, full bool, err error) {
	return f.copyFile(file, off, n)
}
