package outbox

import (
	"io"
	"sync"
)

// Direct gathers bytes that Flush writes itself: when Flush returns, all that was added before it has been written. It
// needs no goroutine.
type Direct struct {
	to io.Writer

	writing sync.Mutex // held during a write; taken before mu

	mu     sync.Mutex // guards these
	buf    []byte
	spare  []byte
	closed bool
}

// NewDirect makes a Direct that writes to w.
func NewDirect(w io.Writer) *Direct { return &Direct{to: w} }

// Add appends, by the function, to what the next Flush writes, and flushes when it is plenty. Calls of the function
// never overlap.
func (d *Direct) Add(appendTo func([]byte) []byte) error {
	d.mu.Lock()
	d.buf = appendTo(d.buf)
	full := len(d.buf) >= Plenty
	d.mu.Unlock()
	if full {
		return d.Flush()
	}
	return nil
}

// keepDirect is the size up to which a Direct reuses a buffer. It is less than an Outbox's: there is one in each
// worker, whose memory counts for every worker of a run.
const keepDirect = 4 * Plenty

// Flush writes all that was added, unless the Direct is closed.
func (d *Direct) Flush() (err error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mu.Lock()
	out, closed := d.buf, d.closed
	d.buf, d.spare = d.spare[:0], nil
	d.mu.Unlock()
	if len(out) > 0 && !closed {
		_, err = d.to.Write(out)
	}
	if cap(out) <= keepDirect {
		d.mu.Lock()
		d.spare = out[:0]
		d.mu.Unlock()
	}
	return err
}

// Close drops all that is added from now on, and what is not written yet. It does not wait for a write.
func (d *Direct) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
}
