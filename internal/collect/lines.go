package collect

import (
	"bytes"

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
	h := s.held
	s.held = held{}
	return c.gatherLines(s.number, &h, lines)
}

func (c *Collector) gatherLines(number int, h *held, lines []byte) error {
	c.lines.Lock()
	defer c.lines.Unlock()
	if len(h.spilled) > 0 {
		return c.write(number, h, lines) // a line that is too long to be gathered
	}
	defer c.release(h)
	return c.tryLines(number, h.buf, lines)
}

// tryLines writes what was gathered before, and then the pieces. It is called with
// the lock held.
func (c *Collector) tryLines(number int, pieces ...[]byte) error {
	if c.failed.Load() {
		return errDropped
	}
	var err error
	for _, p := range pieces {
		if err = c.files[number].TryFlush(p); err != nil && err != unix.EAGAIN {
			c.fail(err)
			return err
		}
	}
	return nil
}

// settleLines brings what was gathered on its way. It waits a moment at most;
// EAGAIN means that there is still some.
func (c *Collector) settleLines(number int) error {
	file := c.files[number]
	c.lines.Lock()
	err := c.tryLines(number, nil)
	pending := file.Pending()
	c.lines.Unlock()
	if err != nil || !pending {
		return err
	}
	if file.Await() != sink.ErrStopped {
		return unix.EAGAIN
	}
	c.lines.Lock()
	defer c.lines.Unlock()
	if err = file.Flush(); err != nil { // which is patient for a while
		c.fail(err)
	}
	return err
}

// endLines waits until all that was gathered is written: a job's end is told after
// its output.
func (c *Collector) endLines() {
	for number := range c.files {
		for c.settleLines(number) == unix.EAGAIN {
		}
	}
}
