// Finality: hooks are told of a success only when no stop from outside can have cut it short.

package collect

import (
	"slices"
	"time"

	"fanout/internal/job"
)

// finality holds back what Hooks.Final is told until it is sure. A stop from outside that ends everything at once, such
// as the end of a container, may reach a job's processes before us: a script that goes on without the command that it
// waited for ends well. So a success that such a stop follows within a moment is in doubt, and one that none follows is
// final.
//
// It belongs to the Collector's goroutine.
type finality struct {
	hold time.Duration   // that moment; 0: all is sure at once
	jobs []*job.Finished // in the order of output
	last time.Time       // when some were taken
}

// heldMost is how many jobs are held back at most, at some 400 bytes each. Only programs that answer more than 28,000
// items a second reach it, and their successes are final earlier then: they do not wait for another program at each
// item, which is what a stop cuts short.
const heldMost = 1 << 13

// Jobs that are final wait for others, since many cost no more to tell than one: at most for together, or until too
// many are held back, of which manyTogether are final then.
const (
	together     = 50 * time.Millisecond
	manyTogether = heldMost / 8
)

// take returns what is decided by now; both are the caller's until it is called again. A stop, the zero time before
// there is one, decides all.
func (f *finality) take(now, stop time.Time) (final, inDoubt []*job.Finished) {
	if !stop.IsZero() {
		return f.decide(stop)
	}
	if len(f.jobs) <= heldMost && now.Sub(f.last) < together {
		return nil, nil
	}
	n := 0
	if many := len(f.jobs) - heldMost; many > 0 {
		n = many + manyTogether
	}
	for n < len(f.jobs) && now.Sub(f.jobs[n].Ended) >= f.hold {
		n++
	}
	f.last = now
	final, f.jobs = f.jobs[:n:n], f.jobs[n:]
	return final, nil
}

func (f *finality) decide(stop time.Time) (final, inDoubt []*job.Finished) {
	for _, d := range f.jobs {
		if d.Status.OK() && d.Ended.After(stop.Add(-f.hold)) {
			inDoubt = append(inDoubt, d)
		} else {
			final = append(final, d)
		}
	}
	f.jobs = nil
	return final, inDoubt
}

// rest takes all that is left, when the run ends by itself.
func (f *finality) rest() []*job.Finished {
	all := f.jobs
	f.jobs = nil
	return all
}

// until returns when a run that ends by itself may do so. Only where a job was struck just now does it wait the whole
// hold.
func (f *finality) until() (end time.Time) {
	struck := slices.ContainsFunc(f.jobs, func(d *job.Finished) bool { return d.Status.Struck() })
	for _, d := range f.jobs {
		wait := f.hold
		if !struck {
			wait = min(wait, d.Status.Moment())
		}
		if at := d.Ended.Add(wait); d.Status.OK() && at.After(end) {
			end = at
		}
	}
	return end
}

// announce tells the hooks of the jobs that are sure by now.
func (c *Collector) announce() {
	if len(c.finality.jobs) == 0 {
		return
	}
	final, inDoubt := c.finality.take(time.Now(), c.stopFromOutside())
	c.tellFinal(final, inDoubt)
	clear(final) // the list's memory still holds them
}

// announceRest tells of the rest, at the end of the run.
func (c *Collector) announceRest() {
	if len(c.finality.jobs) == 0 {
		return
	}
	c.awaitStop(c.finality.until())
	if c.announce(); len(c.finality.jobs) > 0 {
		c.tellFinal(c.finality.rest(), nil)
	}
}

// awaitStop waits for a stop until then.
func (c *Collector) awaitStop(end time.Time) {
	left := time.Until(end)
	if left <= 0 {
		return
	}
	alarm := time.AfterFunc(left, c.Wake)
	defer alarm.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.stopped && time.Now().Before(end) {
		c.work.Wait()
	}
}

func (c *Collector) tellFinal(final, inDoubt []*job.Finished) {
	if len(inDoubt) > 0 {
		c.inDoubt += int64(len(inDoubt))
		c.hooks.InDoubt(inDoubt)
	}
	if len(final) == 0 || c.notFinal {
		return
	}
	if err := c.hooks.Final(final); err != nil {
		c.notFinal = true // nor is anything after it
		c.fail(err)
	}
}

// Doubt takes that something from outside stops the run, before Stop is called: it may have hit jobs that have
// succeeded just now.
func (c *Collector) Doubt() {
	now := time.Now()
	c.stoppedAt.CompareAndSwap(nil, &now)
}

// stopFromOutside returns when that was; the zero time when it was not.
func (c *Collector) stopFromOutside() time.Time {
	if at := c.stoppedAt.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// InDoubt returns how many successes were in doubt, after Close.
func (c *Collector) InDoubt() int64 { return c.inDoubt }
