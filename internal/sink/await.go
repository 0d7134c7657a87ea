package sink

import (
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// lastWait is how long, after Stop, a reader may take nothing before it is given up.
const lastWait = 250 * time.Millisecond

// moment is how long AwaitMoment waits at most.
const moment = 50 * time.Millisecond

// AwaitMoment waits a moment until the File is not full, and reports whether Stop was called. It is short so that the
// job whose output waits can be ended meanwhile.
func (f *File) AwaitMoment() (stopped bool) {
	_, stopped = f.poll(moment, true)
	return stopped
}

// AwaitReader waits until the File is not full. After Stop, the reader still has a little time to take something;
// then the error is ErrStopped. It is for output whose job has ended.
func (f *File) AwaitReader() error {
	if f.gaveUp.Load() {
		return ErrStopped
	}
	ready, stopped := f.poll(-1, true)
	if stopped && !ready {
		if ready, _ = f.poll(lastWait, false); !ready {
			f.gaveUp.Store(true)
			return ErrStopped
		}
	}
	return nil
}

// poll waits until the File is not full, for at most wait; a negative wait has no end. A stop ends the wait if it is
// stoppable.
func (f *File) poll(wait time.Duration, stoppable bool) (ready, stopped bool) {
	polls := []unix.PollFd{
		{Fd: int32(f.fd), Events: unix.POLLOUT},
		{Fd: int32(f.stopR.Fd()), Events: unix.POLLIN},
	}
	if !stoppable {
		polls = polls[:1]
	}
	timeout := -1
	if wait >= 0 {
		timeout = int(wait / time.Millisecond)
	}
	if wait != 0 {
		f.busy.Store(true)
		defer f.busy.Store(false)
	}
	for {
		if _, err := sysio.Poll(polls, timeout); err != unix.EINTR {
			break
		}
	}
	return polls[0].Revents != 0, f.stopped.Load()
}

// AwaitReaderGone returns true when the reader of a pipe or socket goes away, also while nothing is being written, and
// false after Stop.
func (f *File) AwaitReaderGone() bool {
	polls := []unix.PollFd{
		{Fd: int32(f.fd)},
		{Fd: int32(f.stopR.Fd()), Events: unix.POLLIN},
	}
	for {
		if _, err := sysio.Poll(polls, -1); err != nil && err != unix.EINTR {
			return false
		}
		if polls[1].Revents != 0 {
			return false
		}
		if polls[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
			return true
		}
		if polls[0].Revents != 0 { // POLLNVAL: not open
			return false
		}
	}
}

// CanLoseReader reports whether the File has a reader that can go away.
func (f *File) CanLoseReader() bool {
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) != nil {
		return false
	}
	kind := st.Mode & unix.S_IFMT
	return kind == unix.S_IFIFO || kind == unix.S_IFSOCK
}
