// Package sink takes what the run has to say: a File takes the bytes of jobs, a
// Summary counts their outcomes.
package sink

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// ErrReaderGone is the end of the run because nobody reads its output any more.
var ErrReaderGone = errors.New("the reader of the output is gone")

// ErrStopped is the answer of a File that cannot take more now, after Stop.
var ErrStopped = errors.New("the reader of the output took no more of it")

// coalesce is how much small output is gathered into one write.
const coalesce = 64 << 10

// File is one of our own outputs. Its writes can be interrupted by Stop although
// the descriptor's description, which other programs share, is left as it is.
// One goroutine uses it at a time; Stop may be called by any.
type File struct {
	name       string
	given      int  // the descriptor that the File was made for
	fd         int  // the one to write to
	private    bool // fd is another, ours alone and to be closed
	socket     bool
	most       int // bytes of one write, where a larger one could block; 0: any number
	buf        []byte
	stopR      *os.File // readable once stopped
	stopW      *os.File
	stopped    atomic.Bool
	gaveUp     atomic.Bool // after Stop, the reader took nothing: there is a hole, and nothing comes after it
	noSplice   bool        // it cannot be spliced to
	noSendfile bool        // nor written to by sendfile
	moved      atomic.Int64
	busy       atomic.Bool
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
		f.socket, f.noSplice, f.noSendfile = true, true, true
	case st.Mode&unix.S_IFMT == unix.S_IFIFO || IsTerminal(fd):
		f.ownDescription(st.Mode&unix.S_IFMT == unix.S_IFIFO)
	}
	return f, nil
}

// ownDescription opens the pipe or terminal once more, so that it can be non-blocking
// for us alone. Where that is not allowed, as for the pipe of another user, or not
// possible, writes are so small that what poll says of room holds for them.
func (f *File) ownDescription(fifo bool) {
	const pipeRoom, terminalRoom = 4096, 256
	own, err := sysio.Reopen(f.given, unix.O_WRONLY)
	switch {
	case err == nil:
		f.fd, f.private = own, true
	case fifo:
		f.most, f.noSendfile = pipeRoom, true
	default:
		f.most, f.noSendfile = terminalRoom, true
	}
}

// Name is what people call it.
func (f *File) Name() string { return f.name }

// Fd is the descriptor to hand to processes that write for themselves.
func (f *File) Fd() int { return f.given }

// Stop makes waiting writes give up.
func (f *File) Stop() {
	f.stopped.Store(true)
	f.stopW.Close()
}

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
// to Await.
func (f *File) TryWrite(p []byte) (n int, err error) {
	if f.gaveUp.Load() {
		return 0, ErrStopped
	}
	f.busy.Store(true) // a file may be on a server that has gone
	defer f.busy.Store(false)
	if f.most > 0 {
		if ready, _ := f.poll(0, false); !ready {
			return 0, unix.EAGAIN
		}
		p = p[:min(len(p), f.most)]
	}
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

// Busy says that something is being written, or waits for its reader. Any goroutine
// may ask.
func (f *File) Busy() bool { return f.busy.Load() }

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

// Gathered is how many bytes were gathered that are not written yet.
func (f *File) Gathered() int { return len(f.buf) }

// Pending reports whether something was gathered that is not written yet.
func (f *File) Pending() bool { return len(f.buf) > 0 }
