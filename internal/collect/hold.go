// Holding: a job's bytes are kept in memory and then in the spill. Where neither has room, the job waits for the
// stream.

package collect

import (
	"time"

	"fanout/internal/sysio"
)

// hold keeps p until it can be written.
func (s *stream) hold(p []byte) progress {
	for len(p) > 0 {
		switch s.makeRoom() {
		case later:
			s.keep(p)
			return done
		case dropped:
			return dropped
		}
		if s.e.state == streaming { // since it had to wait for room
			return s.send(p)
		}
		buf := s.held.buf
		n := copy(buf[len(buf):cap(buf)], p)
		s.held.buf = buf[:len(buf)+n]
		p = p[n:]
	}
	return done
}

// holdOver keeps what the stream that is lent to the job does not take. The last words of a job that is being stopped
// stay there, and what it says after those is dropped.
func (s *stream) holdOver(p []byte) progress {
	if len(s.held.buf) > lastBuffer {
		s.cut = true
		return dropped
	}
	s.keep(p)
	return done
}

// keep holds p beyond the bounds of the buffer, however long it is: settle makes room before a pipe is read again.
func (s *stream) keep(p []byte) {
	before := cap(s.held.buf)
	s.held.buf = append(s.held.buf, p...)
	s.e.c.memory.used.Add(int64(cap(s.held.buf) - before))
}

// fill reads from the pipe into what is held.
func (s *stream) fill(fd int) (int, error) {
	if s.outgrown() && s.yield() {
		return 0, later.err()
	}
	if got := s.makeRoom(); got != done {
		return 0, got.err()
	}
	if s.e.state == streaming { // since it had to wait for room
		return 0, later.err()
	}
	buf := s.held.buf
	n, err := sysio.Read(fd, buf[len(buf):cap(buf)])
	if n == 0 || err != nil {
		return 0, err
	}
	s.held.buf = buf[:len(buf)+n]
	return n, nil
}

// makeRoom makes room in the buffer: it grows up to a limit, and then is spilled. Where that is not possible the job
// waits until it may stream, which the head of the order always may. A job that never asks for the stream ends the run
// instead.
func (s *stream) makeRoom() progress {
	c := s.e.c
	for {
		buf := s.held.buf
		switch {
		case buf == nil:
			s.held.buf = c.memory.take()
			if c.order.streams() {
				c.wakeForHead(s.e)
			}
			return done
		case len(buf) < min(cap(buf), lastBuffer):
			return done
		}
		if grown, ok := c.memory.grow(buf); ok {
			s.held.buf = grown
			return done
		}
		s.ask()
		round := c.rounds.Load()
		ext, err := c.spill.store(buf)
		if err == nil {
			s.held.spill(ext)
			s.held.buf = buf[:0]
			return done
		}
		if !isNoRoom(err) || s.e.state != asking {
			c.fail(err)
			return dropped
		}
		switch got := s.awaitRound(round, err); {
		case got == dropped:
			return dropped
		case s.e.state == streaming:
			return done
		case got == later:
			return later
		}
	}
}

// outgrown reports whether the buffer is as large as buffers get, and full.
func (s *stream) outgrown() bool {
	return len(s.held.buf) >= lastBuffer
}

// Output that moves this fast has the memory's whole bandwidth: a job that spills
// beside it would only slow it down, and its bytes are written and read once more.
// Eight jobs of 500 MB take 2.5 times as long as cat when they spill at once.
const (
	fastBytes = 4 << 20
	fastTime  = 5 * time.Millisecond
	// freeSpill is how much is spilled before the next wait, so that waiting takes
	// little of the time of a job that does not wait for the likes of cat.
	freeSpill = 64 << 20
)

// yield gives way for a moment to output that moves fast, and reports whether the job is to wait on, in its next read,
// instead of spilling.
func (s *stream) yield() bool {
	if s.free > 0 || s.e.state == withheld {
		s.free -= lastBuffer
		return false
	}
	s.ask()
	file := s.e.c.files[s.number]
	before := file.Moved()
	s.e.mu.Unlock()
	time.Sleep(fastTime)
	s.e.mu.Lock()
	if s.e.state == streaming || file.Moved()-before >= fastBytes {
		return true
	}
	s.free = freeSpill
	return false
}

// ask queues the job for the stream, once. Jobs that write lines, or are withheld, never stream.
func (s *stream) ask() {
	if s.e.state != holding {
		return
	}
	s.e.state = asking
	c := s.e.c
	c.mu.Lock()
	c.order.ask(s.e)
	c.work.Signal()
	c.mu.Unlock()
}

// wakeForHead wakes the goroutine, which lends the stream, if a job that begins to print is the head.
func (c *Collector) wakeForHead(e *entry) {
	c.mu.Lock()
	if e.job.Index == c.order.head {
		c.work.Signal()
	}
	c.mu.Unlock()
}

// awaitRound waits, when nothing more can be spilled, until the goroutine has gone on from the round: there may be room
// by then, or the stream. It is later when that takes longer than a moment.
func (s *stream) awaitRound(round int64, why error) progress {
	s.e.mu.Unlock()
	defer s.e.mu.Lock()
	c := s.e.c
	c.mu.Lock()
	first := !c.full
	c.full = true
	c.mu.Unlock()
	if first {
		c.hooks.OnFull(why)
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
			return dropped
		}
		if c.moments != began {
			return later
		}
		c.room.Wait()
	}
	return done
}

// moment is how long at most a slot waits without looking after its job.
const moment = 50 * time.Millisecond

// countMoment wakes all slots that wait for room, with one timer for all of them.
func (c *Collector) countMoment() {
	c.mu.Lock()
	c.counting = false
	c.moments++
	c.room.Broadcast()
	c.mu.Unlock()
}

// extentMax bounds an extent, whose room is given back as a whole.
const extentMax = 16 << 20

// spill adds an extent, as a continuation of the last one if it is that.
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
