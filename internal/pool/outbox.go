package pool

import (
	"io"
	"sync"
	"time"
)

// Outbox is bytes on their way to a worker. Those who add to it do not wait for the
// worker to take them; what is added while it takes some goes out in one piece.
type Outbox struct {
	mu      sync.Mutex
	more    sync.Cond
	buf     []byte
	spare   []byte
	soon    bool // the timer is set
	timer   *time.Timer
	due     bool // what is in buf is to go out
	writing bool
	closed  bool
}

// NewOutbox makes one.
func NewOutbox() *Outbox {
	o := &Outbox{}
	o.more.L = &o.mu
	return o
}

// Add has the function append to what goes out at the next Flush, or when it is plenty.
func (o *Outbox) Add(appendTo func([]byte) []byte) {
	o.mu.Lock()
	if !o.closed {
		o.buf = appendTo(o.buf)
	}
	full := len(o.buf) >= plenty
	o.mu.Unlock()
	if full {
		o.Flush()
	}
}

// plenty is a piece that is worth a write of its own.
const plenty = 32 << 10

// moment is how long FlushSoon waits.
const moment = 100 * time.Microsecond

// FlushSoon has all that was added go out in a moment.
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

// Flush has all that was added go out.
func (o *Outbox) Flush() {
	o.mu.Lock()
	o.due = len(o.buf) > 0
	o.soon = false
	o.mu.Unlock()
	o.more.Signal()
}

// keep is how large a buffer is kept for what follows.
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

// Close lets nothing more in.
func (o *Outbox) Close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.more.Broadcast()
}

// Await waits until all is out, but not for long.
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
