package collect

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// errDropped is the answer to output that came after our own output had failed.
var errDropped = errors.New("output dropped")

// readSize is as much as a pipe holds, if it was not enlarged.
const readSize = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// hold keeps some of p until it is the job's turn.
func (s *stream) hold(p []byte) (int, error) {
	err := s.makeRoom()
	if err == unix.EAGAIN {
		s.holdMore(p)
		return len(p), nil
	}
	if err != nil {
		return 0, err
	}
	if s.direct() { // since it had to wait for room
		return 0, nil
	}
	buf := s.held.buf
	n := copy(buf[len(buf):cap(buf)], p)
	s.held.buf = buf[:len(buf)+n]
	return n, nil
}

// makeRoom leaves room in the buffer: it grows up to a limit, and then is spilled.
// Where that is not possible the job waits for its turn to write, which the head
// of the order always has; one that may be tried again has none. EAGAIN means that
// it did not come within a moment.
func (s *stream) makeRoom() error {
	c := s.e.c
	for {
		buf := s.held.buf
		switch {
		case buf == nil:
			s.held.buf = c.memory.take()
			if c.order.streams() {
				c.nudge(s.e)
			}
			return nil
		case len(buf) < min(cap(buf), lastBuffer):
			return nil
		}
		if grown, ok := c.memory.grow(buf); ok {
			s.held.buf = grown
			return nil
		}
		s.want()
		round := c.rounds.Load()
		ext, err := c.spill.store(buf)
		if err == nil {
			s.held.spill(ext)
			s.held.buf = buf[:0]
			return nil
		}
		if isNoRoom(err) && !c.byLines() && !s.e.kept {
			err = c.await(s, round, err)
		}
		if err != nil && err != errDropped && err != unix.EAGAIN {
			c.fail(err)
		}
		if s.direct() && (err == nil || err == unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// outgrown says that the buffer is as large as buffers get, and full.
func (s *stream) outgrown() bool {
	return len(s.held.buf) >= lastBuffer
}

// Output that moves this fast has the memory's whole bandwidth: a job that spills
// beside it would only slow it down, and its bytes are written and read once more.
// Eight jobs of 500 MB take 2.5 times as long as cat when they spill at once.
const (
	fastBytes = 4 << 20
	fastTime  = 5 * time.Millisecond
	// freeSpill is how much is spilled before the next try, so that trying takes
	// little of the time of a job that is not waiting for the likes of cat.
	freeSpill = 64 << 20
)

// awaitTurn waits a moment for the job's turn to write, and reports whether it is
// to go on waiting, in its next read, instead of spilling.
func (s *stream) awaitTurn() bool {
	c := s.e.c
	if s.free > 0 || c.byLines() || s.e.kept {
		s.free -= lastBuffer
		return false
	}
	s.want()
	before := c.files[s.number].Moved()
	s.e.mu.Unlock()
	time.Sleep(fastTime)
	s.e.mu.Lock()
	if s.direct() || c.files[s.number].Moved()-before >= fastBytes {
		return true
	}
	s.free = freeSpill
	return false
}

// want has the job queue for the stream.
func (s *stream) want() {
	if c := s.e.c; !s.e.wants && !c.byLines() && !s.e.kept {
		s.e.wants = true
		c.want(s.e)
	}
}

// extentMax bounds an extent, whose room is given back as a whole.
const extentMax = 16 << 20

// spill adds an extent, as a continuation of the last where it is one.
func (h *held) spill(e extent) {
	if last := len(h.spilled) - 1; last >= 0 {
		if l := &h.spilled[last]; l.off+int64(l.n) == e.off && l.n < extentMax {
			l.n += e.n
			l.size += e.size
			return
		}
	}
	h.spilled = append(h.spilled, e)
}

// nudge has the stream lent to a job that begins to print, if it is the head.
func (c *Collector) nudge(e *entry) {
	c.mu.Lock()
	if e.job.Index == c.order.head {
		c.work.Signal()
	}
	c.mu.Unlock()
}

// want asks for the stream on behalf of a job whose output has outgrown memory.
func (c *Collector) want(e *entry) {
	c.mu.Lock()
	c.order.want(e)
	c.work.Signal()
	c.mu.Unlock()
}

// await gives way, with nothing more to be spilled, until the goroutine has gone
// on from the round: there may be room by then, or it is the job's turn to write.
// EAGAIN means that this takes longer than a moment.
func (c *Collector) await(s *stream, round int64, why error) error {
	s.e.mu.Unlock()
	defer s.e.mu.Lock()
	c.mu.Lock()
	first := !c.full
	c.full = true
	c.mu.Unlock()
	if first {
		c.onFull(why)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	began := c.moments
	if !c.counting {
		c.counting = true
		time.AfterFunc(moment, c.countMoment)
	}
	for c.rounds.Load() == round {
		if c.stopped || c.failed.Load() {
			s.cut = true
			return errDropped
		}
		if c.moments != began {
			return unix.EAGAIN
		}
		c.room.Wait()
	}
	return nil
}

// moment is how long at most a slot waits without looking after its job.
const moment = 50 * time.Millisecond

// countMoment wakes all who wait for room, once for all of them.
func (c *Collector) countMoment() {
	c.mu.Lock()
	c.counting = false
	c.moments++
	c.room.Broadcast()
	c.mu.Unlock()
}

// byLines says that all slots write, whole lines or, with Raw, what fanout does in
// the jobs' stead.
func (c *Collector) byLines() bool {
	return c.spec.Mode == Raw || c.spec.Mode == Line && !c.spec.KeepOrder
}
