package sink

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// ErrReaderGone ends a run whose output nobody reads any more.
var ErrReaderGone = errors.New("the reader of the output is gone")

// ErrStopped is returned by a File whose reader has taken nothing since Stop.
var ErrStopped = errors.New("the reader of the output took no more of it")

// coalesce is how many bytes of small writes are gathered into one.
const coalesce = 64 << 10

// File is one of our own outputs. Stop interrupts its writes, although other programs share the descriptor's
// description and that is left as it is. One goroutine uses a File at a time; any may call Stop.
//
// There are two ways to write. Write and Flush gather small output and wait for the reader. TryWrite, TryFlush,
// SendFile and Splice never wait: they write what is taken now, and say so when the File is full. Then
// AwaitMoment or AwaitReader waits until a further try is worth it.
type File struct {
	name       string
	given      int  // the descriptor that the File was made for
	fd         int  // the one to write to
	private    bool // fd is another one, ours alone and to be closed
	socket     bool
	most       int // bytes of one write, where a larger one could block; 0: no limit
	buf        []byte
	stopR      *os.File // readable after Stop
	stopW      *os.File
	stopped    atomic.Bool
	gaveUp     atomic.Bool // after Stop, the reader took nothing: there is a gap, and nothing may follow it
	noSplice   bool        // splice(2) cannot write to it
	noSendfile bool        // nor can sendfile(2)
	moved      atomic.Int64
	busy       atomic.Bool
}

// NewFile returns a File that writes to fd, which stays open. The name is for errors.
func NewFile(fd int, name string) (*File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	f := &File{name: name, given: fd, fd: fd, stopR: r, stopW: w}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return f, nil // the first write says what is wrong
	}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFSOCK:
		// sendmsg alone can be told not to block for one call.
		f.socket, f.noSplice, f.noSendfile = true, true, true
	case st.Mode&unix.S_IFMT == unix.S_IFIFO || sysio.IsTerminal(fd):
		f.ownDescription(st.Mode&unix.S_IFMT == unix.S_IFIFO)
	}
	return f, nil
}

// ownDescription opens the pipe or terminal once more, so that it can be non-blocking for us alone. Where that
// is not allowed, as for the pipe of another user, or not possible, writes are so small that they do not block when
// poll reports room.
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

// Name returns the name that people know it by.
func (f *File) Name() string { return f.name }

// Fd returns the descriptor for processes that write by themselves.
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

// Write gathers p with what came before it. After Stop it goes on as long as the reader takes something.
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

func (f *File) writeAll(p []byte) error {
	for len(p) > 0 {
		n, full, err := f.TryWrite(p)
		if full {
			err = f.AwaitReader()
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// TryFlush writes what was gathered and then p, as much as is taken now. When the File is full, the rest is gathered,
// however long it is.
func (f *File) TryFlush(p []byte) (full bool, err error) {
	var n int
	for !full && err == nil && len(f.buf) > 0 {
		n, full, err = f.TryWrite(f.buf)
		f.buf = f.buf[:copy(f.buf, f.buf[n:])]
	}
	for !full && err == nil && len(p) > 0 {
		n, full, err = f.TryWrite(p)
		p = p[n:]
	}
	if full {
		f.buf = append(f.buf, p...)
	} else if err != nil {
		f.buf = f.buf[:0]
	}
	return full, err
}

// TryWrite writes, past what was gathered, as much of p as is taken now.
func (f *File) TryWrite(p []byte) (n int, full bool, err error) {
	if f.gaveUp.Load() {
		return 0, false, ErrStopped
	}
	f.busy.Store(true) // a file may be on a server that is gone
	defer f.busy.Store(false)
	if f.most > 0 {
		if ready, _ := f.poll(0, false); !ready {
			return 0, true, nil
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
			return f.wrote(n, err)
		}
	}
}

// wrote counts the n bytes that a system call has moved, and tells a full File from one that has failed.
func (f *File) wrote(n int, err error) (int, bool, error) {
	f.moved.Add(int64(n))
	switch err {
	case nil:
		return n, false, nil
	case unix.EAGAIN:
		return n, true, nil
	case unix.EPIPE:
		err = ErrReaderGone
	}
	return n, false, fmt.Errorf("writing %s: %w", f.name, err)
}

// copyFile does what SendFile does, through our memory.
func (f *File) copyFile(file int, off int64, n int) (int, bool, error) {
	buf := make([]byte, min(n, coalesce))
	n, err := sysio.Pread(file, buf, off)
	if err != nil {
		return 0, false, fmt.Errorf("reading spilled output: %w", os.NewSyscallError("pread", err))
	}
	if n == 0 {
		return 0, false, fmt.Errorf("reading spilled output: %w", io.ErrUnexpectedEOF)
	}
	return f.TryWrite(buf[:n])
}

// Moved returns how many bytes were taken so far. Any goroutine may ask.
func (f *File) Moved() int64 { return f.moved.Load() }

// Busy reports whether something is being written or waits for its reader. Any goroutine may ask.
func (f *File) Busy() bool { return f.busy.Load() }

// Gathered returns how many bytes were gathered and are not written yet.
func (f *File) Gathered() int { return len(f.buf) }

// Pending reports whether something was gathered and is not written yet.
func (f *File) Pending() bool { return len(f.buf) > 0 }
