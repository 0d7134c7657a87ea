// Attempts: a job that is retried has its output replaced by that of its next attempt. The package schedule says which
// of these calls follow which.

package collect

import "fanout/internal/job"

// failedAttempt is what an attempt has left whose job waits for the next.
type failedAttempt struct {
	result *result
	tail   []byte // of its standard error
}

// Retry takes the outcome of an attempt that another is to follow. The job keeps its turn in the order.
func (c *Collector) Retry(j job.Job, st job.Status) {
	e := c.entries[j.Slot]
	if j.Attempt > 1 {
		c.Begun(j)
	}
	tail := e.streams[1].tail.bytes()
	r := e.finish(c.backlog.Load())
	if r != nil && c.byLines() {
		c.writeResult(r) // a line that was not completed: it comes before those of the next attempt
		r = nil
	}
	c.mu.Lock()
	c.backlog.Add(int64(c.order.unreserve(e)))
	// It is not on its way out yet: counted as if it were, 65 of them kept all next attempts waiting.
	c.attempts[j.Index] = failedAttempt{r, tail}
	c.post(&job.Event{Kind: job.Retried, Job: j, Status: st}, false)
	c.mu.Unlock()
}

// Begun takes that the next attempt of a job has begun: what the last one has printed is dropped.
func (c *Collector) Begun(j job.Job) { c.drop(c.takeAttempt(j.Index).result) }

// Unstart takes back the Start of a next attempt, which has not begun: the job waits for it again.
func (c *Collector) Unstart(j job.Job) {
	e := c.entries[j.Slot]
	e.finish(c.backlog.Load()) // which is nothing
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.unstart(e)
}

// Abandon is the Done of a job that waited for a next attempt: its last one counts.
func (c *Collector) Abandon(j job.Job, st job.Status) {
	last := c.takeAttempt(j.Index)
	ev := job.Event{Kind: job.Done, Job: j, Status: st, Tail: last.tail}
	r := c.withOutcome(last.result, &ev)
	c.mu.Lock()
	c.backlog.Add(int64(c.order.finishFailed(j.Index, r)))
	c.post(&ev, true)
	c.mu.Unlock()
}

func (c *Collector) takeAttempt(index int64) failedAttempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.attempts[index]
	delete(c.attempts, index)
	return last
}
