package worker

import (
	"encoding/binary"
	"slices"

	"fanout/internal/job"
	"fanout/internal/pool"
)

// flight is a job that is with the worker.
type flight struct {
	task     *pool.Task
	begun    bool
	ended    bool // well, as far as the worker knows
	told     bool // the Pool of that
	printed  bool
	pending  []piece // output that is to be passed on
	draining bool
	owed     int  // output that was passed on, and that the worker does not know of yet
	over     bool // no more output comes
	status   job.Status
}

type piece struct {
	number byte
	bytes  []byte
}

// unbegun takes the jobs that have not begun, the newest first. When words of the worker
// may have been lost, any that it was given may have begun; of those that may be run twice,
// it does not matter.
func (c *client) unbegun(exact bool) (all []*flight) {
	if !exact && !c.twice {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, f := range c.flights {
		if !f.begun && !f.printed && !f.over {
			all = append(all, f)
			delete(c.flights, id)
		}
	}
	slices.SortFunc(all, func(a, b *flight) int { return int(int64(b.task.ID) - int64(a.task.ID)) })
	return all
}

// rest is the jobs whose end has not been heard of.
func (c *client) rest() (all []*flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.flights {
		if !f.over {
			all = append(all, f)
		}
	}
	return all
}

// flight is the job of this number, of which more may be heard.
func (c *client) flight(id uint64) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[id]; f != nil && !f.over {
		return f
	}
	return nil
}

// ended is the end of a job of which the worker is not sure yet, when its output has been passed on.
func (c *client) ended(f *flight) {
	c.mu.Lock()
	f.ended = true
	tell := !f.draining
	f.told = tell
	c.mu.Unlock()
	if tell {
		c.m.Ended(f.task)
	}
}

// finish is the end of a job, when its output has been passed on.
func (c *client) finish(f *flight, st job.Status) {
	c.mu.Lock()
	f.over, f.status = true, st
	drained := !f.draining
	c.mu.Unlock()
	if drained {
		c.done(f)
	}
}

func (c *client) done(f *flight) {
	c.mu.Lock()
	delete(c.flights, f.task.ID)
	c.mu.Unlock()
	c.m.Done(f.task, f.status)
}

func (c *client) output(body []byte) error {
	id, used := binary.Uvarint(body)
	if used <= 0 || len(body) <= used || body[used] > 1 {
		return broken("a frame does not hold what its kind says")
	}
	f := c.flight(id)
	if f == nil {
		return broken("output of job %d, which is not there", id)
	}
	p := piece{number: body[used], bytes: slices.Clone(body[used+1:])}
	c.mu.Lock()
	f.printed = true
	f.pending = append(f.pending, p)
	drain := !f.draining
	f.draining = true
	c.mu.Unlock()
	if drain {
		// A goroutine of its own, since the job may have to wait for others before it
		// gets rid of its output.
		select {
		case c.drains <- f:
		default:
			go c.drainAll(f)
		}
	}
	return nil
}

// drainAll drains one job after the other, until the worker is gone. It ends with the last of them,
// which the Pool waits for. A goroutine for each job, whose stack grows anew, took 1.1 times as long
// for echo.
func (c *client) drainAll(f *flight) {
	for {
		c.drain(f)
		select {
		case f = <-c.drains:
		case <-c.end:
			return
		}
	}
}

// drain passes on the output of a job, as long as there is some.
func (c *client) drain(f *flight) {
	for {
		c.mu.Lock()
		pieces := f.pending
		f.pending = nil
		if len(pieces) == 0 && f.ended && !f.told && !f.over {
			f.told = true
			c.mu.Unlock()
			c.m.Ended(f.task)
			continue
		}
		if len(pieces) == 0 {
			f.draining = false
			over := f.over
			c.mu.Unlock()
			if over {
				c.done(f)
			}
			return
		}
		c.mu.Unlock()
		out := f.task.Attempt.Output
		for _, p := range pieces {
			w := out.Stdout
			if p.number == 1 {
				w = out.Stderr
			}
			w.Write(p.bytes) // where it fails, the run is being ended
			if f.owed += len(p.bytes); f.owed >= window/4 {
				n := f.owed
				f.owed = 0
				c.tell(kindMore, func(b []byte) []byte {
					return binary.AppendUvarint(binary.AppendUvarint(b, f.task.ID), uint64(n))
				})
			}
		}
	}
}
