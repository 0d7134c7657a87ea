package sysio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Reopen opens a pipe or a terminal that this process was given once more, non-blocking:
// the description that it was given is shared with others and has to stay as it is. Where
// that is not allowed, as for another user's pipe, there is an error, and ENOTSUP for what is
// neither.
func Reopen(fd, mode int) (own int, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return -1, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFIFO && !isTerminal(fd) {
		return -1, unix.ENOTSUP
	}
	return unix.Open(fmt.Sprintf("/dev/fd/%d", fd), mode|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
}
