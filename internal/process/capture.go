package process

import (
	"io"
	"sync"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// PipeReader is a Writer that takes bytes straight from a pipe. ReadPipe moves what the pipe holds now, at most one
// read's worth, and returns how much; 0 with a nil error is the end. EAGAIN and EINTR mean that nothing was moved. The
// caller knows, from poll, that the pipe holds something.
type PipeReader interface {
	ReadPipe(fd int) (int, error)
}

// Inheritable is a Writer whose descriptor processes can inherit, so that nothing needs to be moved.
type Inheritable interface {
	Fd() int
}

// Holder is a Writer for a caller that must not wait long. Hold takes all of p, and Settle waits a moment until what is
// held is on its way; EAGAIN means that there is still some.
type Holder interface {
	Hold(p []byte) error
	Settle() error
}

// Filler is a Writer that has enough for now when it is Full: what a pipe holds stays there until it is not. Other
// Writers wait in Write.
type Filler interface {
	Full() bool
}

// capture is one output of a job on its way from the processes to a Writer.
type capture struct {
	read int        // our end of the pipe; -1 when there is none or it has ended
	give int        // the end for processes; -1 when closed
	own  bool       // we have to close give
	to   io.Writer  // where the bytes go
	from PipeReader // the same Writer, when it reads the pipe itself
	wide bool       // the pipe was enlarged
	owed int        // how much of what the pipe held at owe is still to be moved
}

// pipeSize is what the system makes a pipe hold. A read that empties a full pipe is a sign of a job that prints a lot.
const pipeSize = 64 << 10

// pipeRoom is how much a pipe takes at least when poll says that it has room.
const pipeRoom = 4096

// widePipe is what a busy pipe is enlarged to. 300 MB through one job took 241–275 ms of CPU by 64 KiB and 128–164 ms
// by 1 MiB. Not all pipes are enlarged: for unprivileged users the system limits their sum.
const widePipe = 1 << 20

func (c *capture) open(w io.Writer) error {
	*c = capture{read: -1, give: -1, to: w}
	if in, ok := w.(Inheritable); ok {
		c.give = in.Fd()
		return nil
	}
	c.from, _ = w.(PipeReader)
	var err error
	c.read, c.give, err = pipe()
	c.own = err == nil
	if c.own {
		// Our end alone is non-blocking. A process of the job can read from the pipe as well, and may have taken what
		// poll has told us of.
		unix.FcntlInt(uintptr(c.read), unix.F_SETFL, unix.O_NONBLOCK)
	}
	return err
}

// seal closes our copy of the end that processes write to.
func (c *capture) seal() {
	if c.own {
		unix.Close(c.give)
		c.give, c.own = -1, false
	}
}

// end closes our end, when there is nothing more to read or nobody to read it for.
func (c *capture) end() {
	if c.read >= 0 {
		unix.Close(c.read)
		c.read = -1
	}
}

// owe notes what the pipe holds now.
func (c *capture) owe() {
	c.owed = 0
	if c.read >= 0 {
		c.owed = unread(c.read)
	}
}

func (c *capture) owing() bool { return c.read >= 0 && c.owed > 0 }

// move moves what the pipe holds, after poll has reported something or the end. An output that fails makes its owner
// stop the run; here it only means that nobody wants the rest.
func (c *capture) move() {
	var n int
	var err error
	if c.from != nil {
		n, err = c.from.ReadPipe(c.read)
	} else {
		n, err = copyOnce(c.to, c.read)
	}
	c.owed -= n
	switch {
	case err == unix.EINTR || err == unix.EAGAIN:
	case err != nil || n == 0:
		c.end()
	case n >= pipeSize && !c.wide:
		c.wide = true
		widen(c.read)
	}
}

var copyBuffers = sync.Pool{New: func() any { return new([pipeSize]byte) }}

func copyOnce(w io.Writer, fd int) (int, error) {
	if f, ok := w.(Filler); ok && f.Full() {
		const moment = 20 * time.Millisecond
		time.Sleep(moment)
		return 0, unix.EAGAIN
	}
	buf := copyBuffers.Get().(*[pipeSize]byte)
	defer copyBuffers.Put(buf)
	n, err := sysio.Read(fd, buf[:])
	if n == 0 || err != nil {
		return 0, err
	}
	return w.Write(buf[:n])
}

// feed holds bytes on their way to a reader, mostly a process's standard input.
type feed struct {
	fd     int
	pieces []string
	owed   bool // they are output of the job, which lasts until the reader has taken them
	blocks bool // it could not be made non-blocking
}

// move writes as much as the pipe takes. A reader that has gone has read what it wanted.
func (f *feed) move() {
	for len(f.pieces) > 0 {
		if f.pieces[0] == "" {
			f.pieces = f.pieces[1:]
			continue
		}
		p := stringBytes(f.pieces[0])
		if f.blocks {
			p = p[:min(len(p), pipeRoom)]
		}
		n, err := sysio.Write(f.fd, p)
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			return
		}
		if err != nil {
			break
		}
		if f.pieces[0] = f.pieces[0][n:]; f.blocks {
			return // the next write might block
		}
	}
	f.close()
}

func (f *feed) close() {
	if f.fd >= 0 {
		unix.Close(f.fd)
		f.fd = -1
	}
}
