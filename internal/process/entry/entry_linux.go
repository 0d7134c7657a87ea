// Package entry finds out which standard descriptors were closed when the program was started.
//
// Go opens /dev/null in the place of those before any code of a program runs, so that what is
// written to a closed standard output is gone without a word. Nothing tells such a /dev/null from
// one that a parent has given: libuv opens its own in the same way. So the program is linked to
// begin with a few instructions of its own that ask first (make build: -E fanout_entry). In a
// program that is built otherwise, all count as open.
package entry

import "golang.org/x/sys/unix"

// The answers of fcntl(fd, F_GETFD) for 0 and 1. They are written before Go starts.
var stdin, stdout int64

// Reopen has reading standard input and writing standard output fail, as it did when the
// program was started, where they were closed: standard error may be closed to be rid of it.
func Reopen() {
	for fd, was := range []int64{stdin, stdout} {
		if was != -int64(unix.EBADF) {
			continue
		}
		mode := unix.O_WRONLY // of which reading fails, with EBADF
		if fd == 1 {
			mode = unix.O_RDONLY
		}
		if null, err := unix.Open("/dev/null", mode|unix.O_CLOEXEC, 0); err == nil {
			unix.Dup3(null, fd, 0)
			unix.Close(null)
		}
	}
}
