// What a job has printed, as the hooks read it.

package collect

import (
	"fmt"
	"io"

	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// printed is what a job has printed to one of its outputs, while it is held.
type printed struct {
	c    *Collector
	held *held
}

// Len is part of sink.Printed.
func (p *printed) Len() int64 {
	n := int64(len(p.held.buf))
	for _, e := range p.held.spilled {
		n += int64(e.n)
	}
	return n
}

// Bytes is part of sink.Printed.
func (p *printed) Bytes() ([]byte, bool) { return p.held.buf, len(p.held.spilled) == 0 }

// Chunks is part of sink.Printed.
func (p *printed) Chunks(yield func([]byte, error) bool) {
	for _, e := range p.held.spilled {
		if !p.readSpilled(e, yield) {
			return
		}
	}
	if len(p.held.buf) > 0 {
		yield(p.held.buf, nil)
	}
}

func (p *printed) readSpilled(e extent, yield func([]byte, error) bool) bool {
	buf := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(buf)
	for at, left := e.off, e.n; left > 0; {
		n, err := sysio.Pread(p.c.spill.fd(), buf[:min(left, readSize)], at)
		switch {
		case err == unix.EINTR:
			continue
		case err == nil && n == 0:
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(nil, fmt.Errorf("reading spilled output in %s: %w", text.Name(p.c.spill.dir), err))
			return false
		}
		if !yield(buf[:n], nil) {
			return false
		}
		at, left = at+int64(n), left-n
	}
	return true
}
