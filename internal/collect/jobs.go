// A job's way through the Collector, as its slot calls it: Await, Start, Ended, Done. retry.go has what attempts add.

package collect

import (
	"time"

	"fanout/internal/job"
)

// window is how many jobs may be ahead of the head of the order, and how many finished
// jobs may wait to be written. A job that waits takes about 170 bytes and its output.
const window = 1 << 16

// Events wait for the observers, of about 250 bytes each: eventsMax at most, and eventsLazy before the goroutine is
// woken for them alone.
const (
	eventsMax  = 1 << 12
	eventsLazy = 1 << 6
)

// How many jobs may have ended and not be kept, or written: they are run again if the run is killed. Hooks.Keep takes
// longer than many a job; what is written may wait for its reader.
const (
	keepMost  = 64
	writeMost = 256
)

// gatherMost is how many bytes of whole lines may wait for their reader when a slot that has printed some begins its
// next job.
const gatherMost = 256 << 10

// Await waits while too much is on its way out for one more job. A job that was started before does not wait for
// others.
func (c *Collector) Await(j job.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaitRoom(j.Index)
}

// Start readies the output of a job on its slot, when there is room.
func (c *Collector) Start(j job.Job) job.Output {
	e := c.entries[j.Slot]
	if e == nil {
		e = newEntry(c)
		c.entries[j.Slot] = e
	}
	e.reset(j)
	c.mu.Lock()
	c.awaitReader(e)
	c.awaitRoom(j.Index)
	c.order.start(e)
	if len(c.hooks.Observers) > 0 && j.Attempt <= 1 {
		c.events = append(c.events, job.Event{Kind: job.Started, Job: j})
	}
	c.mu.Unlock()
	return e.output()
}

// awaitReader waits while too much of what slots have printed is gathered. It holds up those alone that print.
func (c *Collector) awaitReader(e *entry) {
	for !c.stopped && !c.failed.Load() && e.printed && c.gathered.Load() > gatherMost {
		c.work.Signal()
		c.room.Wait()
	}
	e.printed = false
}

func (c *Collector) awaitRoom(index int64) {
	for !c.stopped && !c.hasRoom(index) {
		c.work.Signal()
		c.room.Wait()
	}
}

// hasRoom reports whether the job may start: it is not too far ahead of the head, and the goroutine keeps up.
func (c *Collector) hasRoom(index int64) bool {
	if c.behind() || len(c.events) > eventsMax || c.writing && c.memory.tight() {
		return false
	}
	return c.order.within(index, window)
}

// behind reports whether some jobs must be kept or written before more start. In order, most of them may wait for the
// head; and where jobs take no time, running them again takes none either.
func (c *Collector) behind() bool {
	switch {
	case c.spec.KeepOrder:
		return false
	case c.hooks.Keep != nil:
		return c.backlog.Load() > keepMost
	default:
		return c.hooks.Final != nil && !c.spec.Instant && c.backlog.Load() > writeMost
	}
}

// Ended reserves the job's turn in the order: it has ended well and has printed all, though its Done comes later and
// may say otherwise.
func (c *Collector) Ended(j job.Job) {
	c.mu.Lock()
	c.order.reserve(c.entries[j.Slot])
	c.mu.Unlock()
}

// Done takes the outcome of the job whose output Start has readied.
func (c *Collector) Done(j job.Job, st job.Status) {
	e := c.entries[j.Slot]
	if j.Attempt > 1 {
		c.Begun(j)
	}
	ev := job.Event{Kind: job.Done, Job: j, Status: st}
	if st.Failed() {
		ev.Tail = e.streams[1].tail.bytes()
	}
	r := e.finish(c.backlog.Load())
	urgent := r != nil || st.Failed() || c.hooks.Write != nil
	if r = c.withOutcome(r, &ev); r != nil {
		r.cut = e.streams[0].cut || e.streams[1].cut
	}
	c.mu.Lock()
	awaited, more := c.order.finish(e, r)
	c.backlog.Add(int64(more))
	c.post(&ev, urgent || awaited && !c.spec.Instant)
	c.mu.Unlock()
}

// withOutcome adds to what a job has left how it ended, if a hook wants to know.
func (c *Collector) withOutcome(r *result, ev *job.Event) *result {
	if !c.hooks.finished() {
		return r
	}
	if r == nil {
		r = &result{seq: ev.Job.Seq()}
	}
	r.job = &job.Finished{Job: ev.Job, Status: ev.Status, Tail: ev.Tail, Ended: time.Now().Add(-ev.Status.Ago)}
	return r
}

// post adds an event, and wakes the goroutine if something is urgent. Waking it costs two system calls and a switch:
// the counting of silent successes can wait. It is called with the lock held.
func (c *Collector) post(ev *job.Event, urgent bool) {
	if len(c.hooks.Observers) > 0 {
		c.events = append(c.events, *ev)
	}
	if urgent || len(c.events) > eventsLazy {
		c.work.Signal()
	}
}
