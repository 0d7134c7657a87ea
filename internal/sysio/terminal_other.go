//go:build !linux

package sysio

import "golang.org/x/sys/unix"

// IsTerminal reports whether the descriptor is one of a terminal.
func IsTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TIOCGETA)
	return err == nil
}
