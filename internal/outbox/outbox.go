// Package outbox gathers small messages on their way to a process, so that many go out in one write: [Outbox] for
// senders that must not wait for the reader, [Direct] for senders that must know that a message is out.
package outbox

import (
	"io"
	"sync"
	"time"
)

// Plenty is a piece that is worth a write of its own.
const Plenty = 32 << 10

// Outbox gathers bytes that a goroutine in Copy writes. Those who add to it do not wait for the reader; what is added
// during a write goes out in the next one.
type Outbox struct {
	mu      sync.Mutex
	more    sync.Cond
	buf     []byte
	spare   []byte
	soon    bool // the timer runs
	timer   *time.Timer
	due     bool // buf is to go out
	writing bool
	closed  bool
}

// New makes an Outbox.
func New() *Outbox {
	o := &Outbox{}
	o.more.L = &o.mu
	return o
}

// Add appends, by the function, to what goes out at the next Flush, or at once when it is plenty. Calls of the function
// never overlap.
func (o *Outbox) Add(appendTo func([]byte) []byte) {
	o.mu.Lock()
	if !o.closed {
		o.buf = appendTo(o.buf)
	}
	full := len(o.buf) >= Plenty
	o.mu.Unlock()
	if full {
		o.Flush()
	}
}

// moment is how long FlushSoon waits.
const moment = 100 * time.Microsecond

// FlushSoon sends all that was added, a moment later: what is added until then joins it.
func (o *Outbox) FlushSoon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.soon || o.closed:
	case o.timer == nil:
		o.soon = true
		o.timer = time.AfterFunc(moment, o.Flush)
	default:
		o.soon = true
		o.timer.Reset(moment)
	}
}

// Flush sends all that was added. It does not wait.
func (o *Outbox) Flush() {
	o.mu.Lock()
	o.due = len(o.buf) > 0
	o.soon = false
	o.mu.Unlock()
	o.more.Signal()
}

// keep is the size up to which an Outbox reuses a buffer.
const keep = 256 << 10

// Copy writes all that is added, until the Outbox is closed and empty, or w fails.
func (o *Outbox) Copy(w io.Writer) error {
	for {
		o.mu.Lock()
		o.writing = false
		for !o.due && !o.closed {
			o.more.Wait()
		}
		out := o.buf
		if len(out) == 0 {
			o.mu.Unlock()
			return nil
		}
		o.buf, o.spare = o.spare[:0], nil
		o.due, o.writing = false, true
		o.mu.Unlock()
		_, err := w.Write(out)
		o.mu.Lock()
		if cap(out) <= keep {
			o.spare = out[:0]
		}
		if err != nil {
			o.closed, o.writing = true, false
			o.mu.Unlock()
			return err
		}
		o.mu.Unlock()
	}
}

// Close lets nothing more in. Copy still writes what is there.
func (o *Outbox) Close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.more.Broadcast()
}

// Await waits until all is out, but no longer than most.
func (o *Outbox) Await(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(time.Millisecond) {
		o.mu.Lock()
		empty := len(o.buf) == 0 && !o.writing
		o.mu.Unlock()
		if empty {
			return
		}
	}
}
