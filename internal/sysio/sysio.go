// Package sysio makes the system calls that several packages need. A count of bytes is never below zero, as
// io.Reader and io.Writer have it: the system itself answers -1 when a call fails, and a sum of such answers
// is wrong. All other packages call [Read], [Write] and the like instead of the system's calls; a test holds
// that.
//
// Where the system refuses a call, [Poll], [Random] and [Reopen] have another way.
package sysio

import "golang.org/x/sys/unix"

// of returns the number of bytes that a call has moved.
func of[N int | int64](n N, err error) (int, error) { return int(max(0, n)), err }

// Read is read(2).
func Read(fd int, p []byte) (int, error) { return of(unix.Read(fd, p)) }

// Write is write(2).
func Write(fd int, p []byte) (int, error) { return of(unix.Write(fd, p)) }

// Pread is pread(2).
func Pread(fd int, p []byte, off int64) (int, error) { return of(unix.Pread(fd, p, off)) }

// Pwrite is pwrite(2).
func Pwrite(fd int, p []byte, off int64) (int, error) { return of(unix.Pwrite(fd, p, off)) }

// Send is send(2), on a socket.
func Send(fd int, p []byte, flags int) (int, error) {
	return of(unix.SendmsgN(fd, p, nil, nil, flags))
}
