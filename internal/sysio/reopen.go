package sysio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Reopen opens a pipe or a terminal a second time, non-blocking: others share the description that this
// process was given, so it must stay as it is. Reopen fails where the system does not allow it, as for
// another user's pipe, and with ENOTSUP for other files.
func Reopen(fd, mode int) (own int, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return -1, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFIFO && (!IsTerminal(fd) || isMaster(fd)) {
		return -1, unix.ENOTSUP
	}
	return unix.Open(fmt.Sprintf("/dev/fd/%d", fd), mode|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
}
