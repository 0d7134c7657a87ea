package sysio

import "golang.org/x/sys/unix"

// isTerminal is false for the other end of a terminal: to open /dev/ptmx makes a new one.
func isTerminal(fd int) bool {
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		return false
	}
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	return err != nil
}
