package sysio

import "golang.org/x/sys/unix"

// isMaster reports whether a descriptor is the other end of a terminal: to open /dev/ptmx makes a new terminal.
func isMaster(fd int) bool {
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	return err == nil
}
