package template

import (
	"iter"

	"fanout/internal/job"
)

// pipeBytes is the size up to which a filled job gets items on stdin.
const pipeBytes = 1 << 20

// Jobs turns items into jobs, lazily. Seq counts from 1, and Attempt is 1. With BatchEven it reads ahead by
// one job, to spread the last items over the workers. An error among the items comes after the jobs of the
// items before it.
func (t *Template) Jobs(items iter.Seq2[job.Item, error]) iter.Seq2[job.Job, error] {
	if !t.spec.batched() {
		return t.single(items)
	}
	return func(yield func(job.Job, error) bool) {
		b := batcher{t: t, budget: newBudget(t.spec.Limits, t.sizes), yield: yield}
		for it, err := range items {
			if err != nil {
				if !b.finish() || !yield(job.Job{}, err) {
					return
				}
				continue
			}
			if !b.add(it) {
				return
			}
		}
		b.finish()
	}
}

// single makes a job of each item. It is the hot path: one allocation a job.
func (t *Template) single(items iter.Seq2[job.Item, error]) iter.Seq2[job.Job, error] {
	return func(yield func(job.Job, error) bool) {
		seq := int64(0)
		for it, err := range items {
			if err != nil {
				if !yield(job.Job{}, err) {
					return
				}
				continue
			}
			seq++
			left := it.Seq - seq
			if t.after {
				left = t.before
			}
			if !yield(job.Job{Index: seq, Offset: left, Attempt: 1, Items: []job.Item{it}}, nil) {
				return
			}
		}
	}
}

// batcher collects the items of the next job.
type batcher struct {
	t       *Template
	budget  *budget
	yield   func(job.Job, error) bool
	seq     int64
	pending []job.Item
	piped   int // bytes of pending on stdin
}

// add takes one more item. It returns false if no more jobs are wanted.
func (b *batcher) add(it job.Item) bool {
	if it.Err != nil { // a bad item is a job of its own
		return (len(b.pending) == 0 || b.send(len(b.pending))) && b.sendBad(it)
	}
	spec := &b.t.spec
	piped := len(it.String()) + len(spec.Terminator)
	full := len(b.pending) == spec.max() && spec.max() > 0 ||
		spec.Pipe && spec.Filled() && len(b.pending) > 0 && b.piped+piped > pipeBytes
	if full || !b.budget.add(it) {
		if !b.send(len(b.pending)) {
			return false
		}
		b.budget.add(it)
	}
	b.pending = append(b.pending, it)
	b.piped += piped
	if spec.max() > 0 && len(b.pending) == spec.max() {
		return b.send(len(b.pending)) // a full job need not wait for the next item
	}
	return true
}

// send makes a job of the first n pending items.
func (b *batcher) send(n int) bool {
	b.seq++
	j := job.Job{Index: b.seq, Offset: b.t.before, Attempt: 1, Items: b.pending[:n:n]}
	b.pending = b.pending[n:]
	if len(b.pending) == 0 {
		b.pending, b.piped = nil, 0
		b.budget.reset()
	}
	return b.yield(j, nil)
}

// sendBad makes a job of an item with an error.
func (b *batcher) sendBad(it job.Item) bool {
	b.pending = append(b.pending, it)
	return b.send(1)
}

// finish sends the pending items. BatchEven spreads them over the workers.
func (b *batcher) finish() bool {
	jobs := 1
	if b.t.spec.Batch == BatchEven {
		jobs = max(b.t.spec.Workers, 1)
	}
	for ; len(b.pending) > 0; jobs-- {
		n := (len(b.pending) + jobs - 1) / max(jobs, 1)
		if !b.send(n) {
			return false
		}
	}
	return true
}
