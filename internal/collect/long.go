package collect

import (
	"fanout/internal/sink"

	"golang.org/x/sys/unix"
)

// longLines is, of one of our outputs, lines that are too long to be gathered: they are
// spilled. The Collector's goroutine writes them, since none of the slots is to wait for the
// reader as long as that takes. The lock of the lines guards it.
type longLines struct {
	queue  []*held
	behind []byte // the lines that came after them
}

// queueLong has lines written of which the first is spilled. What is held is the queue's
// from now on.
func (c *Collector) queueLong(number int, h *held, lines []byte) {
	taken := *h
	*h = held{}
	before := cap(taken.buf)
	taken.buf = append(taken.buf, lines...)
	c.memory.used.Add(int64(cap(taken.buf) - before))
	c.lines.Lock()
	c.long[number].queue = append(c.long[number].queue, &taken)
	c.longs.Add(1)
	c.lines.Unlock()
	c.rouse()
}

// rouse has the goroutine look around.
func (c *Collector) rouse() {
	c.mu.Lock()
	c.work.Signal()
	c.mu.Unlock()
}

// writeLongs writes the long lines of an output, and waits for its reader.
func (c *Collector) writeLongs(number int) {
	for {
		c.lines.Lock()
		queue := c.long[number].queue
		c.lines.Unlock()
		if len(queue) == 0 {
			return
		}
		c.writeLong(number, queue[0])
		c.release(queue[0]) // there is something left only after a failure
		c.unqueueLong(number)
	}
}

// unqueueLong takes out the first, and lets others write again after the last.
func (c *Collector) unqueueLong(number int) {
	c.lines.Lock()
	defer c.lines.Unlock()
	c.longs.Add(-1)
	l := &c.long[number]
	if l.queue = l.queue[1:]; len(l.queue) > 0 {
		return
	}
	behind := l.behind
	*l = longLines{}
	c.tryLines(number, behind) // where it fails, the run is being ended
}

// writeLong writes what is held. Nobody else writes there meanwhile.
func (c *Collector) writeLong(number int, h *held) {
	file := c.files[number]
	for {
		err := c.writeSomeLong(file, h)
		if err == unix.EAGAIN {
			err = file.AwaitPatiently()
		} else if err == nil {
			return
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// writeSomeLong writes as much as is taken now.
func (c *Collector) writeSomeLong(file *sink.File, h *held) error {
	if c.failed.Load() {
		return errDropped
	}
	if err := file.TryFlush(nil); err != nil {
		return err
	}
	for len(h.spilled) > 0 {
		if err := c.sendSome(file, h); err != nil {
			return err
		}
	}
	for len(h.buf) > 0 {
		n, err := file.TryWrite(h.buf)
		h.buf = h.buf[:copy(h.buf, h.buf[n:])]
		if err != nil {
			return err
		}
	}
	return nil
}
