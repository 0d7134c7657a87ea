package collect

import "fanout/internal/job"

// attempt is what a try that has failed has left, while its job waits for the next.
type attempt struct {
	result *result
	tail   []byte // of its standard error
}

// Retry takes the outcome of a try that another is to follow. The job keeps its
// hostState in the order.
func (c *Collector) Retry(j job.Job, st job.Status) {
	e := c.entries[j.Slot]
	if j.Attempt > 1 {
		c.Begun(j)
	}
	tail := e.streams[1].tail.bytes()
	r := e.finish(c.backlog.Load())
	if r != nil && c.byLines() {
		c.writeResult(r) // a line that was not completed: it comes before those of the next try
		r = nil
	}
	c.mu.Lock()
	c.backlog.Add(int64(c.order.vacate(e)))
	// It is not on its way out yet: counted as if it were, 65 of them kept all next tries waiting.
	c.attempts[j.Index] = attempt{r, tail}
	c.tell(&job.Event{Kind: job.Retried, Job: j, Status: st}, false)
	c.mu.Unlock()
}

// Begun says that a job has begun a next try: what it has printed in the last one is dropped.
func (c *Collector) Begun(j job.Job) { c.drop(c.takeAttempt(j.Index).result) }

// Unstart takes back the Start of a next try, which has not begun: the job waits for it again.
func (c *Collector) Unstart(j job.Job) {
	e := c.entries[j.Slot]
	e.finish(c.backlog.Load()) // which is nothing
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.unstart(e)
}

// Abandon is the Done of a job that waited for another try: its last one counts.
func (c *Collector) Abandon(j job.Job, st job.Status) {
	last := c.takeAttempt(j.Index)
	ev := job.Event{Kind: job.Done, Job: j, Status: st, Tail: last.tail}
	r := c.handOver(last.result, &ev)
	c.mu.Lock()
	c.backlog.Add(int64(c.order.abandon(j.Index, r)))
	c.tell(&ev, true)
	c.mu.Unlock()
}

func (c *Collector) takeAttempt(seq int64) attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.attempts[seq]
	delete(c.attempts, seq)
	return last
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
		c.memory.give(h.buf)
	}
	*h = held{}
}
