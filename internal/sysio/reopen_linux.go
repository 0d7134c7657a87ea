package sysio

import "golang.org/x/sys/unix"

// isTerminal does not mean the other end of one: to open /dev/ptmx makes a new terminal.
func isTerminal(fd int) bool {
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		return false
	}
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	return err != nil
}
