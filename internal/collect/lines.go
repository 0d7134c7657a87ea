// Line by line: all slots write complete lines, under a lock that waits for no reader.

package collect

import (
	"bytes"
	"time"

	"fanout/internal/sink"
)

// takeLines writes the lines that are complete, and holds the rest.
func (s *stream) takeLines(p []byte) progress {
	cut := bytes.LastIndexByte(p, '\n') + 1
	if cut > 0 {
		if got := s.sendLines(p[:cut]); got != done {
			return got
		}
	}
	return s.hold(p[cut:])
}

// sendLines writes the beginning of a line that was held, and then lines, with no other job's bytes between. What the
// reader does not take now is gathered, so that no slot waits with the lock: settleLines does, outside.
func (s *stream) sendLines(lines []byte) progress {
	s.e.printed = true
	if len(s.held.spilled) > 0 {
		s.e.c.queueLong(s.number, &s.held, lines)
		return done
	}
	h := s.held
	s.held = held{}
	return s.e.c.gatherLines(s.number, &h, lines)
}

// gatherLines writes what is held in memory, and then lines. They come behind long lines that wait for the goroutine.
func (c *Collector) gatherLines(number int, h *held, lines []byte) progress {
	defer c.release(h)
	c.lines.Lock()
	defer c.lines.Unlock()
	if l := &c.long[number]; len(l.queue) > 0 {
		l.behind = append(append(l.behind, h.buf...), lines...)
		return done
	}
	return c.tryLines(number, h.buf, lines)
}

// tryLines writes what was gathered before, and then the pieces; what is not taken now is gathered. It is called with
// the lock of the lines held.
func (c *Collector) tryLines(number int, pieces ...[]byte) progress {
	if c.failed.Load() {
		return dropped
	}
	file := c.files[number]
	before := file.Gathered()
	for _, p := range pieces {
		if _, err := file.TryFlush(p); err != nil {
			c.gathered.Store(0)
			c.fail(err)
			return dropped
		}
	}
	if now := file.Gathered(); now != before {
		c.gathered.Add(int64(now - before))
		if before == 0 { // the goroutine may have nothing else to do
			c.Wake()
		}
	}
	return done
}

// settleLines moves on what was gathered. It waits a moment at most.
func (c *Collector) settleLines(number int) progress {
	file := c.files[number]
	c.lines.Lock()
	if len(c.long[number].queue) > 0 {
		c.lines.Unlock()
		const pause = 5 * time.Millisecond
		time.Sleep(pause) // the goroutine waits for the reader
		return later
	}
	got := c.tryLines(number, nil)
	pending := file.Gathered() > 0
	c.lines.Unlock()
	if got != done || !pending {
		return got
	}
	return c.awaitLines(file)
}

// awaitLines waits a moment for the reader. After a stop, the reader has a little more time.
func (c *Collector) awaitLines(file *sink.File) progress {
	if !file.AwaitMoment() {
		return later
	}
	if err := file.AwaitReader(); err != nil {
		c.fail(err)
		return dropped
	}
	return later
}

// finishLines waits until all lines that were gathered by now are written: a job's end is told after its output. It is
// the goroutine's.
func (c *Collector) finishLines() {
	for number, file := range c.files {
		c.sendLongs(number)
		c.lines.Lock()
		end := file.Moved() + int64(file.Gathered())
		c.lines.Unlock()
		for file.Moved() < end && c.settleLines(number) == later {
			c.sendLongs(number)
		}
	}
}
