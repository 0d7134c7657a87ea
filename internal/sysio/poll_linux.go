package sysio

import (
	"time"

	"golang.org/x/sys/unix"
)

// Poll waits until there is something to be said of one of the descriptors, at most so
// many milliseconds; -1 is for ever. It is ppoll(2) or, where that is refused, the
// epoll(7) that Go's runtime cannot do without. It never answers with an error at once
// again and again: who loops would spin.
func Poll(fds []unix.PollFd, timeout int) (int, error) {
	n, err := unix.Poll(fds, timeout)
	if err == nil || err == unix.EINTR {
		return of(n, err)
	}
	if Refused(err) {
		n, err = pollByEpoll(fds, timeout)
	}
	if err != nil && err != unix.EINTR {
		const rest = 10 * time.Millisecond
		time.Sleep(rest)
	}
	return of(n, err)
}

// pollByEpoll costs three system calls more, and one for each descriptor.
func pollByEpoll(fds []unix.PollFd, timeout int) (ready int, err error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return 0, err
	}
	defer unix.Close(ep)
	for i := range fds {
		fds[i].Revents = 0
		if fds[i].Fd < 0 {
			continue
		}
		// The bits of the events are the same.
		ev := unix.EpollEvent{Events: uint32(fds[i].Events), Fd: int32(i)}
		switch err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, int(fds[i].Fd), &ev); err {
		case nil:
		case unix.EPERM: // a file, which never has to be waited for
			fds[i].Revents = fds[i].Events & (unix.POLLIN | unix.POLLOUT)
			ready++
		case unix.EBADF:
			fds[i].Revents = unix.POLLNVAL
			ready++
		default:
			return 0, err
		}
	}
	if ready > 0 {
		timeout = 0
	}
	events := make([]unix.EpollEvent, len(fds))
	n, err := unix.EpollWait(ep, events, timeout)
	if err != nil {
		return 0, err
	}
	for _, ev := range events[:n] {
		fds[ev.Fd].Revents = int16(ev.Events)
		ready++
	}
	return ready, nil
}
