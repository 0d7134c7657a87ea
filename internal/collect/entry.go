package collect

import (
	"sync"

	"fanout/internal/job"

	"golang.org/x/sys/unix"
)

// entry is the output of the job that a slot runs now. Its slot's goroutine uses
// it, and the Collector's while it drains it.
type entry struct {
	c       *Collector
	job     job.Job
	streams [2]stream // standard output and standard error

	mu   sync.Mutex
	turn uint64 // counts the jobs
	over bool   // the job has ended
	live bool   // the stream is lent to the job, and everything held has been written
	kept bool   // its output must not be seen yet: it is wanted whole, or the job may be tried again

	wants   bool    // it has asked for the stream; the slot's own
	early   *result // that the job has in the order already, though it is not done; guarded by the Collector's lock
	printed bool    // lines, since the slot last waited for the reader; the slot's own
}

// result is what a finished job has left to be written.
type result struct {
	held   [2]held
	number int64         // of the job
	cut    bool          // some of what it printed was dropped
	job    *job.Finished // nil when nobody wants it
	open   bool          // the job has ended and is not done: it is not known what is to be written
}

func newEntry(c *Collector) *entry {
	e := &entry{c: c}
	for i := range e.streams {
		e.streams[i] = stream{e: e, number: i}
	}
	return e
}

func (e *entry) reset(j job.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.job = j
	e.turn++
	e.over, e.live, e.wants = false, false, false
	e.kept = e.c.spec.Whole || j.Attempt <= e.c.spec.Retries && !e.c.byLines()
	for i := range e.streams {
		e.streams[i].reset()
	}
}

// output is what the job's processes write to.
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

// finish takes from the entry what is still to be written; nil is nothing. The
// more finished jobs are waiting already, the less memory this one may keep.
func (e *entry) finish(backlog int64) *result {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	var r *result
	for i := range e.streams {
		h := e.streams[i].finish(backlog)
		if h.empty() && !h.endLine {
			continue
		}
		if r == nil {
			r = &result{number: e.job.Seq()}
		}
		r.held[i] = h
	}
	return r
}

// inherited is an output of ours that jobs write to by themselves. Write is for
// what fanout does in their stead.
type inherited stream

func (in *inherited) Fd() int { return in.e.c.files[in.number].Fd() }

// Write takes all of p, unless our own output has failed.
func (in *inherited) Write(p []byte) (int, error) {
	err := in.Hold(p)
	if err == nil {
		err = in.Settle()
	}
	for err == unix.EAGAIN {
		err = in.Settle()
	}
	return len(p), err
}

// Hold is part of process.Holder.
func (in *inherited) Hold(p []byte) error {
	return in.e.c.gatherLines(in.number, &held{}, p)
}

// Settle is part of process.Holder.
func (in *inherited) Settle() error { return in.e.c.settleLines(in.number) }

// discarded is a descriptor of /dev/null.
type discarded int

func (fd discarded) Fd() int { return int(fd) }

func (fd discarded) Write(p []byte) (int, error) { return len(p), nil }

// tailOnly keeps the end of an output that is discarded, for the summary.
type tailOnly stream

func (t *tailOnly) Write(p []byte) (int, error) {
	t.tail.add(p)
	return len(p), nil
}

// tail is the last bytes of an output.
type tail struct{ buf []byte }

// tailSize is enough for the few lines in which programs say what went wrong.
const tailSize = 1 << 10

func (t *tail) add(p []byte) {
	if len(p) >= tailSize {
		t.buf = append(t.buf[:0], p[len(p)-tailSize:]...)
		return
	}
	if over := len(t.buf) + len(p) - tailSize; over > 0 {
		t.buf = t.buf[:copy(t.buf, t.buf[over:])]
	}
	t.buf = append(t.buf, p...)
}

func (t *tail) bytes() []byte { return append([]byte(nil), t.buf...) }
