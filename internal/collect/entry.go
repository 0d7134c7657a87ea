// The entry of a slot: the output of the job that the slot runs now, its state, and the result that it leaves.

package collect

import (
	"sync"

	"fanout/internal/job"
)

// state says what a slot does with the bytes that its job prints. The package's doc has the table.
type state uint8

const (
	ended     state = iota // no more come
	holding                // they are held
	asking                 // they are held, and the job has asked for the stream
	withheld               // they are held until the job has ended
	lines                  // complete lines are written
	streaming              // they are written: the stream is lent to the job, and all that was held before is written
)

// entry is the output of the job that a slot runs now. The slot's goroutine uses it, and so does the Collector's while
// it lends the stream.
type entry struct {
	c       *Collector
	job     job.Job
	streams [2]stream // standard output and standard error

	mu         sync.Mutex
	state      state
	generation uint64 // counts the jobs of the slot

	reserved *result // the job's turn in the order, from Ended to Done; guarded by the Collector's lock
	printed  bool    // lines were printed since the slot last waited for the reader; the slot's own
}

// result is what a finished job has left to be written.
type result struct {
	held [2]held
	seq  int64         // of the job
	cut  bool          // some of what it printed was dropped
	job  *job.Finished // nil when no hook wants it
	open bool          // the job has ended and is not done: what is to be written is not known yet
}

func newEntry(c *Collector) *entry {
	e := &entry{c: c}
	for i := range e.streams {
		e.streams[i] = stream{e: e, number: i}
	}
	return e
}

// reset readies the entry for the slot's next job.
func (e *entry) reset(j job.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.job = j
	e.generation++
	switch {
	case e.c.byLines():
		e.state = lines
	case e.c.spec.Whole || j.Attempt <= e.c.spec.Retries:
		e.state = withheld
	default:
		e.state = holding
	}
	for i := range e.streams {
		e.streams[i].reset()
	}
}

// output returns what the job's processes write to.
func (e *entry) output() job.Output {
	switch mode := e.c.spec.Mode; {
	case mode == Raw:
		return job.Output{Stdout: (*inherited)(&e.streams[0]), Stderr: (*inherited)(&e.streams[1])}
	case mode == None && !e.c.spec.Whole:
		return job.Output{Stdout: discarded(e.c.spec.Null), Stderr: (*tailOnly)(&e.streams[1])}
	default:
		return job.Output{Stdout: &e.streams[0], Stderr: &e.streams[1]}
	}
}

// finish takes from the entry what is still to be written; nil is nothing. The more finished jobs wait already, the
// less memory this one may keep.
func (e *entry) finish(backlog int64) *result {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = ended
	var r *result
	for i := range e.streams {
		h := e.streams[i].finish(backlog)
		if h.empty() && !h.endLine {
			continue
		}
		if r == nil {
			r = &result{seq: e.job.Seq()}
		}
		r.held[i] = h
	}
	return r
}
