//go:build !linux

package sysio

import "golang.org/x/sys/unix"

// Poll is poll(2).
func Poll(fds []unix.PollFd, timeout int) (int, error) { return of(unix.Poll(fds, timeout)) }
