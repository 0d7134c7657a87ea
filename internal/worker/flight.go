package worker

import (
	"encoding/binary"
	"slices"

	"fanout/internal/job"
	"fanout/internal/pool"
)

// flight is a job that the worker has.
type flight struct {
	task     *pool.Task
	begun    bool
	ended    bool // it has ended well, as far as the worker knows
	told     bool // the Pool knows that it has ended
	printed  bool
	pending  []piece // output to pass on
	draining bool
	owed     int  // output that was passed on, but not yet credited to the worker
	over     bool // no more output comes
	status   job.Status
}

// piece is output of a job, of standard output (0) or standard error (1).
type piece struct {
	number byte
	bytes  []byte
}

// unbegun takes out the jobs that have not begun, the newest first. exact says that no frame of the worker was lost;
// otherwise any job may have begun, which only matters if none may run twice.
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

// rest returns the jobs without an outcome.
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

// flight returns the job of this number, unless it has its outcome.
func (c *client) flight(id uint64) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[id]; f != nil && !f.over {
		return f
	}
	return nil
}

// ended notes that a job has ended well, as far as the worker knows. The Pool hears of it after the output.
func (c *client) ended(f *flight) {
	c.mu.Lock()
	f.ended = true
	tell := !f.draining
	f.told = tell
	c.mu.Unlock()
	if tell {
		c.worker.Ended(f.task)
	}
}

// finish notes the outcome of a job. The Pool hears of it after the output.
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
	c.worker.Done(f.task, f.status)
}

// output takes in what a job has printed.
func (c *client) output(body []byte) error {
	id, used := binary.Uvarint(body)
	if used <= 0 || len(body) <= used || body[used] > 1 {
		return broken("a frame does not hold what its kind says")
	}
	f := c.flight(id)
	if f == nil {
		return broken("output of job %d, which the worker does not have", id)
	}
	p := piece{number: body[used], bytes: slices.Clone(body[used+1:])}
	c.mu.Lock()
	f.printed = true
	f.pending = append(f.pending, p)
	drain := !f.draining
	f.draining = true
	c.mu.Unlock()
	if drain {
		// A goroutine of its own: the job may have to wait for others before it can write.
		select {
		case c.drains <- f:
		default:
			go c.drainAll(f)
		}
	}
	return nil
}

// drainAll drains one job after the other, until the worker is dead; the Pool waits for the last of them. A goroutine
// for each job, whose stack grows anew, took 1.1 times as long for echo.
func (c *client) drainAll(f *flight) {
	for {
		c.drain(f)
		select {
		case f = <-c.drains:
		case <-c.dead:
			return
		}
	}
}

// drain passes on a job's output until there is no more.
func (c *client) drain(f *flight) {
	for {
		c.mu.Lock()
		pieces := f.pending
		f.pending = nil
		if len(pieces) == 0 && f.ended && !f.told && !f.over {
			f.told = true
			c.mu.Unlock()
			c.worker.Ended(f.task)
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
			w.Write(p.bytes) // where it fails, the run ends
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
