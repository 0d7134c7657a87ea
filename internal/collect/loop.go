// The Collector's goroutine: it takes what is ready from the order, has it delivered, lends the stream, and tells the
// observers.

package collect

import (
	"errors"
	"math"

	"fanout/internal/job"
	"fanout/internal/sink"
)

// loop is the goroutine, from New to Close.
func (c *Collector) loop() {
	defer close(c.ended)
	var ready []*result
	var events []job.Event
	var out delivered
	for {
		c.announce()
		c.mu.Lock()
		var next *entry // to which the stream is lent
		clear(ready)
		ready, next = c.order.next(ready[:0])
		generation := uint64(0)
		if next != nil {
			generation = next.generation
		}
		events, c.events = c.events, events[:0]
		if len(ready)+len(events) == 0 && next == nil {
			if c.closed {
				c.mu.Unlock()
				c.flush()
				c.announceRest()
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
				out.add(r.job, c.offset())
			}
			if c.hooks.Keep != nil && len(out.jobs) == keepMost || c.notKept != nil {
				c.finishOutput(&out)
			}
			if c.notKept != nil {
				c.fail(c.notKept) // only now: those before it were written
			}
		}
		c.backlog.Add(-int64(len(ready)))
		if c.byLines() {
			c.finishLines() // a job's end is told after its output
		}
		c.finishOutput(&out)
		for i := range events {
			for _, observe := range c.hooks.Observers {
				observe(&events[i])
			}
		}
		clear(events)
		if next != nil {
			c.lend(next, generation)
		}
		c.mu.Lock()
		c.writing = false
		c.rounds.Add(1)
		c.room.Broadcast()
		c.mu.Unlock()
	}
}

// idle writes out what is gathered or, if there is nothing, waits for work. It is called with the lock held.
func (c *Collector) idle() {
	switch {
	case c.byLines() && c.gathered.Load()+c.longs.Load() > 0:
		c.mu.Unlock()
		c.finishLines()
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

// lend writes what a running job holds, little by little while the job may add to it, and then lets its slot write. The
// generation tells the job from the next on the same slot.
func (c *Collector) lend(e *entry, generation uint64) {
	c.flush()
	for {
		full, over, err := c.lendSome(e, generation)
		if over {
			return
		}
		if full != nil {
			err = full.AwaitReader()
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// lendSome takes one step of lend, and returns the file for whose reader the next one has to wait. It is over when the
// slot writes, or the job has ended.
func (c *Collector) lendSome(e *entry, generation uint64) (wait *sink.File, over bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.writes.Store(e.job.Seq())
	if e.generation != generation || e.state == ended {
		return nil, true, nil
	}
	for i := range e.streams {
		if h := &e.streams[i].held; !h.empty() {
			full, err := c.sendSome(c.files[i], h)
			if full {
				wait = c.files[i]
			}
			return wait, false, err
		}
	}
	e.state = streaming
	return nil, true, nil
}

// delivered is jobs whose output is on its way, and the offset in standard output at which each one's ends.
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

// offset returns how long standard output is when all is written that is on its way. With lines that is not known.
func (c *Collector) offset() int64 {
	if c.byLines() {
		return math.MaxInt64
	}
	return c.files[0].Moved() + int64(c.files[0].Gathered())
}

// finishOutput waits until the system has the output of delivered jobs, and passes them on to finality. If the reader
// was given up after a stop, it may have the output of some nevertheless.
func (c *Collector) finishOutput(out *delivered) {
	defer out.clear()
	if c.hooks.Final == nil || len(out.jobs) == 0 {
		return
	}
	if !c.byLines() {
		c.flush()
	}
	jobs := out.jobs
	if c.failed.Load() {
		if jobs = jobs[:0]; c.gaveUp() {
			moved := c.files[0].Moved()
			for n := 0; n < len(out.ends) && out.ends[n] <= moved; n++ {
				jobs = out.jobs[:n+1]
			}
		}
	}
	if c.spec.Hold == 0 {
		c.tellFinal(jobs, nil)
		return
	}
	c.finality.jobs = append(c.finality.jobs, jobs...)
}

// gaveUp reports whether the output has failed only since nobody took it after a stop.
func (c *Collector) gaveUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Is(c.err, sink.ErrStopped)
}
