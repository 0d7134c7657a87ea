package collect

import (
	"bytes"
	"time"

	"fanout/internal/sink"

	"golang.org/x/sys/unix"
)

// putLines writes the lines that are complete, and holds the rest.
func (s *stream) putLines(p []byte) error {
	c := s.e.c
	cut := bytes.LastIndexByte(p, '\n') + 1
	if cut > 0 {
		if err := c.writeLines(s, p[:cut]); err != nil {
			return err
		}
		p = p[cut:]
	}
	for len(p) > 0 {
		if err := s.makeRoom(); err != nil {
			return err
		}
		buf := s.held.buf
		n := copy(buf[len(buf):cap(buf)], p)
		s.held.buf = buf[:len(buf)+n]
		p = p[n:]
	}
	return nil
}

// writeLines writes the beginning of a line that was held, and then lines, with
// no other job's bytes between. What the reader does not take now is gathered, so
// that no slot waits with the lock: settleLines does, outside.
func (c *Collector) writeLines(s *stream, lines []byte) error {
	s.e.printed = true
	if len(s.held.spilled) > 0 {
		c.queueLong(s.number, &s.held, lines)
		return nil
	}
	h := s.held
	s.held = held{}
	return c.gatherLines(s.number, &h, lines)
}

// gatherLines is writeLines for what is in memory. It comes behind lines that are too
// long for that.
func (c *Collector) gatherLines(number int, h *held, lines []byte) error {
	defer c.release(h)
	c.lines.Lock()
	defer c.lines.Unlock()
	if l := &c.long[number]; len(l.queue) > 0 {
		l.behind = append(append(l.behind, h.buf...), lines...)
		return nil
	}
	return c.tryLines(number, h.buf, lines)
}

// tryLines writes what was gathered before, and then the pieces. It is called with
// the lock held.
func (c *Collector) tryLines(number int, pieces ...[]byte) error {
	if c.failed.Load() {
		return errDropped
	}
	file := c.files[number]
	before := file.Gathered()
	for _, p := range pieces {
		if err := file.TryFlush(p); err != nil && err != unix.EAGAIN {
			c.gathered.Store(0)
			c.fail(err)
			return err
		}
	}
	if now := file.Gathered(); now != before {
		c.gathered.Add(int64(now - before))
		if before == 0 { // the goroutine may have nothing else to do
			c.rouse()
		}
	}
	return nil
}

// settleLines brings what was gathered on its way. It waits a moment at most;
// EAGAIN means that there is still some.
func (c *Collector) settleLines(number int) error {
	file := c.files[number]
	c.lines.Lock()
	if len(c.long[number].queue) > 0 {
		c.lines.Unlock()
		const pause = 5 * time.Millisecond
		time.Sleep(pause) // the goroutine waits for the reader
		return unix.EAGAIN
	}
	err := c.tryLines(number, nil)
	pending := file.Gathered() > 0
	c.lines.Unlock()
	if err != nil || !pending {
		return err
	}
	return c.awaitLines(file)
}

// awaitLines waits a moment for room. After a stop, the reader has a little more time.
func (c *Collector) awaitLines(file *sink.File) error {
	if file.Await() != sink.ErrStopped {
		return unix.EAGAIN
	}
	if err := file.AwaitPatiently(); err != nil {
		c.fail(err)
		return err
	}
	return unix.EAGAIN
}

// endLines waits until all that was gathered by now is written: a job's end is told after
// its output. It is the goroutine's.
func (c *Collector) endLines() {
	for number, file := range c.files {
		c.writeLongs(number)
		c.lines.Lock()
		end := file.Moved() + int64(file.Gathered())
		c.lines.Unlock()
		for file.Moved() < end && c.settleLines(number) == unix.EAGAIN {
			c.writeLongs(number)
		}
	}
}
