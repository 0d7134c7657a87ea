// Package sink takes what the run has to say: a File takes the bytes of jobs, a
// Summary counts their outcomes.
package sink

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// ErrReaderGone is the end of the run because nobody reads its output any more.
var ErrReaderGone = errors.New("the reader of the output is gone")

// ErrStopped is the answer of a File that cannot take more now, after Stop.
var ErrStopped = errors.New("the reader of the output took no more of it")

// coalesce is how much small output is gathered into one write.
const coalesce = 64 << 10

// patience is how long, after Stop, a reader may take nothing before what is
// left for it is given up.
const patience = 250 * time.Millisecond

// moment is how long Await waits.
const moment = 50 * time.Millisecond

// File is one of our own outputs. Its writes can be interrupted by Stop although
// the descriptor's description, which other programs share, is left as it is.
// One goroutine uses it at a time; Stop may be called by any.
type File struct {
	name     string
	given    int  // the descriptor that the File was made for
	fd       int  // the one to write to
	private  bool // fd is another, ours alone and to be closed
	socket   bool
	buf      []byte
	stopR    *os.File // readable once stopped
	stopW    *os.File
	noSplice bool
	moved    atomic.Int64
}

// NewFile writes to fd, which stays open. The name is for errors.
func NewFile(fd int, name string) (*File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	f := &File{name: name, given: fd, fd: fd, stopR: r, stopW: w}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return f, nil // the first write will say what is wrong
	}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFSOCK:
		// Only sendmsg can be told, for one call, not to block.
		f.socket, f.noSplice = true, true
	case st.Mode&unix.S_IFMT == unix.S_IFIFO || IsTerminal(fd):
		// A second description of the same pipe or terminal, so that it can be
		// non-blocking for us alone. Where that is not allowed, writes block.
		path := fmt.Sprintf("/dev/fd/%d", fd)
		if own, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0); err == nil {
			f.fd, f.private = own, true
		}
	}
	return f, nil
}

// Fd is the descriptor to hand to processes that write for themselves.
func (f *File) Fd() int { return f.given }

// Stop makes waiting writes give up. It is called once.
func (f *File) Stop() { f.stopW.Close() }

// Close releases the File, not the descriptor that it was made for. It does not flush.
func (f *File) Close() {
	f.stopR.Close()
	f.stopW.Close()
	if f.private {
		unix.Close(f.fd)
	}
}

// Write gathers p with what came before it. After Stop it goes on for as long as
// the reader does.
func (f *File) Write(p []byte) (int, error) {
	if len(f.buf)+len(p) > coalesce {
		if err := f.Flush(); err != nil {
			return 0, err
		}
	}
	if len(p) >= coalesce {
		return len(p), f.writeAll(p)
	}
	f.buf = append(f.buf, p...)
	return len(p), nil
}

// Flush writes what was gathered.
func (f *File) Flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	err := f.writeAll(f.buf)
	f.buf = f.buf[:0]
	return err
}

// TryFlush writes p after what was gathered, as much as is taken now. EAGAIN means
// that the rest is gathered, however much that is.
func (f *File) TryFlush(p []byte) (err error) {
	for err == nil && len(f.buf) > 0 {
		var n int
		n, err = f.TryWrite(f.buf)
		f.buf = f.buf[:copy(f.buf, f.buf[n:])]
	}
	for err == nil && len(p) > 0 {
		var n int
		n, err = f.TryWrite(p)
		p = p[n:]
	}
	if err == unix.EAGAIN {
		f.buf = append(f.buf, p...)
	} else if err != nil {
		f.buf = f.buf[:0]
	}
	return err
}

func (f *File) writeAll(p []byte) error {
	for len(p) > 0 {
		n, err := f.TryWrite(p)
		if err == unix.EAGAIN {
			if err := f.AwaitPatiently(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// TryWrite writes, past what was gathered, as much as is taken now. EAGAIN means
// to Await. Where the description cannot be had for ourselves it blocks.
func (f *File) TryWrite(p []byte) (n int, err error) {
	for {
		if f.socket {
			n, err = sysio.Send(f.fd, p, unix.MSG_DONTWAIT)
		} else {
			n, err = sysio.Write(f.fd, p)
		}
		if err != unix.EINTR {
			f.moved.Add(int64(n))
			return n, f.check(err)
		}
	}
}

// Moved is how many bytes have been taken so far. Any goroutine may ask.
func (f *File) Moved() int64 { return f.moved.Load() }

// Await waits a moment for more to be writable, and returns ErrStopped after Stop.
// It is short so that a job whose output is waiting can be ended meanwhile.
func (f *File) Await() error {
	_, stopped := f.poll(moment, true)
	if stopped {
		return ErrStopped
	}
	return nil
}

// AwaitPatiently is Await for output whose job has ended: after Stop the reader
// still has a little time to take it.
func (f *File) AwaitPatiently() error {
	ready, stopped := f.poll(-1, true)
	if stopped && !ready {
		if ready, _ = f.poll(patience, false); !ready {
			return ErrStopped
		}
	}
	return nil
}

// poll waits for room or Stop, or for so long; a negative time has no end.
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
	for {
		if _, err := unix.Poll(polls, timeout); err != unix.EINTR {
			break
		}
	}
	return polls[0].Revents != 0, len(polls) > 1 && polls[1].Revents != 0
}

// AwaitReaderGone returns true when the reader of a pipe or socket has gone away,
// which shows also while nothing is being written, and false after Stop.
func (f *File) AwaitReaderGone() bool {
	polls := []unix.PollFd{
		{Fd: int32(f.fd)},
		{Fd: int32(f.stopR.Fd()), Events: unix.POLLIN},
	}
	for {
		if _, err := unix.Poll(polls, -1); err != nil && err != unix.EINTR {
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

// CanLoseReader reports whether there is a reader that can go away.
func (f *File) CanLoseReader() bool {
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) != nil {
		return false
	}
	kind := st.Mode & unix.S_IFMT
	return kind == unix.S_IFIFO || kind == unix.S_IFSOCK
}

// check makes an error of the system one for people.
func (f *File) check(err error) error {
	switch err {
	case nil, unix.EAGAIN:
		return err
	case unix.EPIPE:
		return fmt.Errorf("writing %s: %w", f.name, ErrReaderGone)
	default:
		return fmt.Errorf("writing %s: %w", f.name, err)
	}
}

// Pending reports whether something was gathered that is not written yet.
func (f *File) Pending() bool { return len(f.buf) > 0 }
