// Delivering: what a finished job has left is brought to the hooks and written. All of it is the goroutine's.

package collect

import (
	"fanout/internal/sink"
)

// deliver brings what a finished job has left to the hooks and our outputs, and reports whether it got there.
func (c *Collector) deliver(r *result) bool {
	c.writes.Store(r.seq)
	if r.job == nil {
		c.writeResult(r)
		return !c.failed.Load()
	}
	defer c.drop(r)
	c.printed = [2]printed{{c, &r.held[0]}, {c, &r.held[1]}}
	printed := [2]sink.Printed{&c.printed[0], &c.printed[1]}
	if c.hooks.Keep != nil && !c.failed.Load() {
		if c.notKept = c.hooks.Keep(r.job, printed); c.notKept != nil {
			return false
		}
	}
	switch {
	case c.failed.Load():
	case c.hooks.Write != nil:
		if err := c.hooks.Write(r.job, printed, c.files[0]); err != nil {
			c.fail(err)
		}
	case c.spec.Mode == None:
	case c.spec.Whole && c.spec.Tag:
		if err := c.writeTagged(r); err != nil {
			c.fail(err)
		}
	default:
		c.writeResult(r)
	}
	return !c.failed.Load()
}

// writeTagged writes a result that was held without its tags.
func (c *Collector) writeTagged(r *result) error {
	tag := appendTag(nil, r.job.Job)
	for i := range r.held {
		s := stream{tag: tag}
		for p, err := range c.printed[i].Chunks {
			if err != nil {
				return err
			}
			tagged := s.withTags(p)
			s.inLine = p[len(p)-1] != '\n'
			if err := c.write(i, &held{}, tagged); err != nil {
				return err
			}
		}
		if s.inLine {
			if err := c.write(i, &held{}, []byte{'\n'}); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeResult writes the rest of a finished job's output, and completes its last line.
func (c *Collector) writeResult(r *result) {
	for i := range r.held {
		h := &r.held[i]
		var end []byte
		if h.endLine {
			end = []byte{'\n'}
		}
		switch {
		case h.empty() && end == nil:
		case !c.byLines():
			if c.write(i, h, end) != nil {
				return
			}
		case len(h.spilled) > 0:
			c.queueLong(i, h, end)
		default:
			c.gatherLines(i, h, end) // where it fails, the run is being ended
		}
	}
}

// write writes and releases what is held, and then writes more. Standard error is not gathered, and what was gathered
// for standard output goes before it, so that on a terminal they stay in order. With Line nothing is gathered.
func (c *Collector) write(number int, h *held, more []byte) error {
	err := c.writeHeld(c.files[number], h)
	if err == nil && len(more) > 0 {
		_, err = c.files[number].Write(more)
	}
	if err == nil && (number == 1 || c.byLines()) {
		err = c.files[number].Flush()
	}
	if err != nil {
		c.fail(err)
	}
	return err
}

func (c *Collector) writeHeld(file *sink.File, h *held) error {
	defer c.release(h) // something is left spilled only after a failure
	if c.failed.Load() {
		return errDropped
	}
	if file == c.files[1] {
		if err := c.files[0].Flush(); err != nil {
			return err
		}
	}
	if len(h.spilled) > 0 {
		if err := file.Flush(); err != nil {
			return err
		}
	}
	for len(h.spilled) > 0 {
		full, err := c.sendSome(file, h)
		if full {
			err = file.AwaitReader()
		}
		if err != nil {
			return err
		}
	}
	_, err := file.Write(h.buf)
	return err
}

// sendMax is how much spilled output is written at one go, so that the job which adds to it at the same time does not
// wait for long.
const sendMax = 1 << 20

// sendSome writes as much of what is held as is taken at one go, what is spilled first.
func (c *Collector) sendSome(file *sink.File, h *held) (full bool, err error) {
	if len(h.spilled) == 0 {
		n, full, err := file.TryWrite(h.buf)
		if n > 0 {
			h.buf = h.buf[:copy(h.buf, h.buf[n:])]
		}
		return full, err
	}
	e := &h.spilled[0]
	n, full, err := file.SendFile(c.spill.fd(), e.off, min(e.n, sendMax))
	e.off += int64(n)
	e.n -= n
	if e.n == 0 {
		c.spill.release(*e)
		h.spilled = h.spilled[1:]
	}
	return full, err
}

// drop gives back the room of what nobody is to see.
func (c *Collector) drop(r *result) {
	if r == nil {
		return
	}
	for i := range r.held {
		c.release(&r.held[i])
	}
}

// release gives back the room of what is held.
func (c *Collector) release(h *held) {
	for _, e := range h.spilled {
		c.spill.release(e)
	}
	if h.buf != nil {
		c.memory.release(h.buf)
	}
	*h = held{}
}
