package sysio

import "golang.org/x/sys/unix"

// Splice is splice(2). At least one end is a pipe.
func Splice(from, to, n, flags int) (int, error) {
	return of(unix.Splice(from, nil, to, nil, n, flags))
}

// Sendfile is sendfile(2), from the offset off of a file.
func Sendfile(to, from int, off int64, n int) (int, error) {
	return of(unix.Sendfile(to, from, &off, n))
}
