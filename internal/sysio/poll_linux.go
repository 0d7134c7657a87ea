package sysio

import (
	"time"

	"golang.org/x/sys/unix"
)

// Poll waits until one of the descriptors is ready, at most timeout milliseconds; -1 waits for ever. It is
// ppoll(2) or, where that is refused, the epoll(7) that Go's runtime cannot do without. It sleeps before it
// returns an error, so that a caller's loop does not spin.
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

// pollByEpoll costs three more system calls, and one for each descriptor.
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
		case unix.EPERM: // a file is always ready
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
