package collect

import (
	"slices"
	"time"

	"fanout/internal/job"
)

// finality keeps what is told of jobs back until it is sure. Who ends everything at once, as
// the end of a container does, may reach a job's processes before us: a script that goes on
// without the command that it waited for ends well. So a success that a stop from outside
// follows within a moment is in doubt, and one that none follows is final.
//
// It is the Collector's goroutine's own.
type finality struct {
	hold time.Duration   // that moment; 0: all is sure at once
	jobs []*job.Finished // in the order of output
	last time.Time       // when some were taken
}

// heldMost is how many jobs may be kept back, at some 400 bytes each. Only programs that answer
// more than 28,000 items a second have more, which are final earlier then: they do not wait for
// another program at each item, which is what is cut short.
const heldMost = 1 << 13

// Those that are final wait for others, which cost no more to tell: for so long, or until too many
// are kept back, of which so many are final then.
const (
	together     = 50 * time.Millisecond
	manyTogether = heldMost / 8
)

// take is what is decided by now, until it is called again. A stop, the zero time before there is one,
// decides all: what is in doubt is apart then.
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

// rest is all that is left, when the run ends by itself.
func (f *finality) rest() []*job.Finished {
	all := f.jobs
	f.jobs = nil
	return all
}

// until is when a run that ends by itself may do so. It waits for as long as others only where
// a job was struck just now.
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

// settle tells of the jobs that are sure by now.
func (c *Collector) settle() {
	if len(c.finality.jobs) == 0 {
		return
	}
	final, inDoubt := c.finality.take(time.Now(), c.stopFromOutside())
	c.tellFinal(final, inDoubt)
	clear(final) // they are in the list's memory still
}

// conclude tells of the rest, at the end of the run.
func (c *Collector) conclude() {
	if len(c.finality.jobs) == 0 {
		return
	}
	c.awaitStop(c.finality.until())
	if c.settle(); len(c.finality.jobs) > 0 {
		c.tellFinal(c.finality.rest(), nil)
	}
}

// awaitStop waits until then, or a stop.
func (c *Collector) awaitStop(end time.Time) {
	left := time.Until(end)
	if left <= 0 {
		return
	}
	alarm := time.AfterFunc(left, c.Tell)
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

// Doubt says that something from outside stops the run, before Stop is called: it may have hit
// jobs that have succeeded just now.
func (c *Collector) Doubt() {
	now := time.Now()
	c.doubted.CompareAndSwap(nil, &now)
}

// stopFromOutside is when that was, the zero time when it was not.
func (c *Collector) stopFromOutside() time.Time {
	if at := c.doubted.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// InDoubt is how many successes were in doubt, after Close.
func (c *Collector) InDoubt() int64 { return c.inDoubt }
