package collect

import (
	"errors"
	"math"

	"fanout/internal/job"
	"fanout/internal/sink"

	"golang.org/x/sys/unix"
)

// loop is the Collector's goroutine: it writes what is ready, lends the stream,
// and tells the observers.
func (c *Collector) loop() {
	defer close(c.ended)
	var ready []*result
	var events []job.Event
	var done delivered
	for {
		c.settle()
		c.mu.Lock()
		var lend *entry
		clear(ready)
		ready, lend = c.order.next(ready[:0])
		turn := uint64(0)
		if lend != nil {
			turn = lend.turn
		}
		events, c.events = c.events, events[:0]
		if len(ready)+len(events) == 0 && lend == nil {
			if c.closed {
				c.mu.Unlock()
				c.flush()
				c.conclude()
				return
			}
			c.idle()
			c.mu.Unlock()
			continue
		}
		c.writing = true
		c.room.Broadcast()
		c.mu.Unlock()

		for _, r := range ready {
			if c.deliver(r) && r.job != nil && !r.cut {
				done.add(r.job, c.position())
			}
			if c.hooks.Keep != nil && len(done.jobs) == keepMost || c.notKept != nil {
				c.written(&done)
			}
			if c.notKept != nil {
				c.fail(c.notKept) // only now: those before it were written
			}
		}
		c.backlog.Add(-int64(len(ready)))
		if c.byLines() {
			c.endLines() // a job's end is told after its output
		}
		c.written(&done)
		for i := range events {
			for _, observe := range c.observers {
				observe(&events[i])
			}
		}
		clear(events)
		if lend != nil {
			c.drain(lend, turn)
		}
		c.mu.Lock()
		c.writing = false
		c.rounds.Add(1)
		c.room.Broadcast()
		c.mu.Unlock()
	}
}

// idle waits for work, with everything written out.
func (c *Collector) idle() {
	switch {
	case c.byLines() && c.gathered.Load()+c.longs.Load() > 0:
		c.mu.Unlock()
		c.endLines()
		c.mu.Lock()
		c.rounds.Add(1)
		c.room.Broadcast()
	case !c.byLines() && c.files[0].Pending():
		c.mu.Unlock()
		c.flush()
		c.mu.Lock()
	default:
		c.work.Wait()
	}
}

func (c *Collector) flush() {
	if err := c.files[0].Flush(); err != nil {
		c.fail(err)
	}
}

// deliver brings what a finished job has left to all who want it, and reports whether it
// got there.
func (c *Collector) deliver(r *result) bool {
	c.writes.Store(r.number)
	if r.job == nil {
		c.writeResult(r)
		return !c.failed.Load()
	}
	defer c.release(&r.held[0])
	defer c.release(&r.held[1])
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

// delivered is jobs whose output is on its way, and up to where each reaches.
type delivered struct {
	jobs []*job.Finished
	ends []int64
}

func (d *delivered) add(j *job.Finished, end int64) {
	d.jobs, d.ends = append(d.jobs, j), append(d.ends, end)
}

func (d *delivered) clear() {
	clear(d.jobs)
	d.jobs, d.ends = d.jobs[:0], d.ends[:0]
}

// position is up to where standard output reaches when all is written that is on its way. With
// lines that is not known.
func (c *Collector) position() int64 {
	if c.byLines() {
		return math.MaxInt64
	}
	return c.files[0].Moved() + int64(c.files[0].Gathered())
}

// written takes jobs of which all is written, once the system has it. If the reader was given up
// after a stop, there may be some of which it has all nevertheless.
func (c *Collector) written(done *delivered) {
	defer done.clear()
	if c.hooks.Final == nil || len(done.jobs) == 0 {
		return
	}
	if !c.byLines() {
		c.flush()
	}
	jobs := done.jobs
	if c.failed.Load() {
		if jobs = jobs[:0]; c.gaveUp() {
			taken := c.files[0].Moved()
			for n := 0; n < len(done.ends) && done.ends[n] <= taken; n++ {
				jobs = done.jobs[:n+1]
			}
		}
	}
	if c.spec.Hold == 0 {
		c.tellFinal(jobs, nil)
		return
	}
	c.finality.jobs = append(c.finality.jobs, jobs...)
}

// gaveUp says that the output has failed for no other reason than that nobody took it after a stop.
func (c *Collector) gaveUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Is(c.err, sink.ErrStopped)
}

// writeTagged is writeResult for output that was held without its tags.
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
		if h.empty() && end == nil {
			continue
		}
		if c.byLines() {
			c.endHeld(i, h, end)
		} else if c.write(i, h, end) != nil {
			return
		}
	}
}

// endHeld has written, where slots write lines, what a job has held at its end.
func (c *Collector) endHeld(number int, h *held, end []byte) {
	if len(h.spilled) > 0 {
		c.queueLong(number, h, end)
		return
	}
	c.gatherLines(number, h, end) // where it fails, the run is being ended
}

// write writes and gives up what is held, and then more. Standard error is not
// gathered, and what was gathered for standard output goes before it, so that on
// a terminal they stay in order. With Line nothing is gathered.
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
	defer c.release(h) // of spilled output there is some left only after a failure
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
		err := c.sendSome(file, h)
		if err == unix.EAGAIN {
			err = file.AwaitPatiently()
		}
		if err != nil {
			return err
		}
	}
	_, err := file.Write(h.buf)
	return err
}

// sendMax is how much spilled output is written at one go, so that the job which
// adds to it at the same time does not wait for long.
const sendMax = 1 << 20

// sendSome writes from what is spilled as much as is taken now.
func (c *Collector) sendSome(file *sink.File, h *held) error {
	e := &h.spilled[0]
	n, err := file.SendFile(c.spill.fd(), e.off, min(e.n, sendMax))
	if err != nil {
		return err
	}
	e.off += int64(n)
	e.n -= n
	if e.n == 0 {
		c.spill.release(*e)
		h.spilled = h.spilled[1:]
	}
	return nil
}

// drain writes what a running job has held so far, little by little while the job
// may add to it, and then lets its slot write. The turn tells the job from the
// next on the same slot.
func (c *Collector) drain(e *entry, turn uint64) {
	c.flush()
	for {
		e.mu.Lock()
		c.writes.Store(e.job.Seq())
		if e.turn != turn || e.over {
			e.mu.Unlock()
			return
		}
		file, err := c.drainSome(e)
		e.live = file == nil
		e.mu.Unlock()
		if file == nil {
			return
		}
		if err == unix.EAGAIN {
			err = file.AwaitPatiently()
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// drainSome writes once, and returns the file that it wrote to, or nil when
// nothing was left to write.
func (c *Collector) drainSome(e *entry) (*sink.File, error) {
	for i := range e.streams {
		h, file := &e.streams[i].held, c.files[i]
		switch {
		case len(h.spilled) > 0:
			return file, c.sendSome(file, h)
		case len(h.buf) > 0:
			n, err := file.TryWrite(h.buf)
			if err == nil {
				h.buf = h.buf[:copy(h.buf, h.buf[n:])]
			}
			return file, err
		}
	}
	return nil, nil
}
