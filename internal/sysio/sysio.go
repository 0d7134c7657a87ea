// Package sysio makes the system calls that answer with a count of bytes. The
// system's own answer is -1 when a call fails, and who adds that up loses count:
// here, as io.Reader and io.Writer have it, a count is never below zero. All other
// packages call these and not the system's (a test holds that).
//
// It also has what is done in another way where the system refuses a call.
package sysio

import "golang.org/x/sys/unix"

// of is what a call has moved.
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
