package sysio

import (
	"time"

	"golang.org/x/sys/unix"
)

// Tell writes a few words to a descriptor that others share, such as standard error, and gives its reader at
// most this time: a process that is about to end does not wait for a reader who does not read.
func Tell(fd int, words string, most time.Duration) {
	if own, err := Reopen(fd, unix.O_WRONLY); err == nil {
		defer unix.Close(own)
		fd = own
	}
	for end := time.Now().Add(most); words != ""; {
		left := max(0, time.Until(end))
		polls := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, err := Poll(polls, int(left/time.Millisecond)); err != unix.EINTR && n == 0 {
			return
		}
		n, err := Write(fd, []byte(words))
		words = words[n:]
		if err != nil && err != unix.EINTR && err != unix.EAGAIN {
			return
		}
	}
}
