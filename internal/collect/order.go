// The order: whose output is next. The Collector's lock guards it.

package collect

import "slices"

// order decides whose output is next. With keep, it is that of the job with the lowest index; otherwise finished jobs
// come in the order in which they ended, and a job that asks for the stream has its turn between them.
type order struct {
	keep  bool
	lends bool // running jobs may have the stream

	// With keep: a ring of turns by index, the first of them the head's.
	head int64
	ring []turn

	// Otherwise.
	finished []*result
	counted  int // the first of these, none of which is open
	waiting  []*entry

	owner *entry // the job that the stream is lent to
}

// turn is what the order knows of a job: it has not started, runs, or is done.
type turn struct {
	running *entry // nil while its output must not be seen
	done    bool
	result  *result // nil when nothing is left to write
}

func newOrder(keep, lends bool) order { return order{keep: keep, lends: lends, head: 1} }

// streams reports whether the head of the order has the stream while it runs.
func (o *order) streams() bool { return o.keep && o.lends }

// within reports whether the job may start, with no more than n jobs before it in the order of which the first is not
// written yet.
func (o *order) within(index int64, n int) bool {
	if o.keep {
		return index-o.head < int64(n)
	}
	return len(o.finished) < n
}

func (o *order) start(e *entry) {
	if o.keep && e.state != withheld {
		o.at(e.job.Index).running = e
	}
}

// unstart takes a start back.
func (o *order) unstart(e *entry) {
	if o.owner == e {
		o.owner = nil
	}
	if o.keep {
		*o.at(e.job.Index) = turn{}
	}
	o.unask(e)
}

// reserve gives a job that has ended and is not done its turn: what ends after it comes after it.
func (o *order) reserve(e *entry) {
	if o.keep || o.owner == e {
		return
	}
	e.reserved = &result{open: true}
	o.finished = append(o.finished, e.reserved)
	o.unask(e)
}

// unreserve takes a reserve back, for a job that is retried. Like finish, it returns how many results became ready.
func (o *order) unreserve(e *entry) (ready int) {
	if e.reserved != nil {
		*e.reserved = result{}
		e.reserved = nil
	}
	return o.countReady()
}

// finish takes the job's result. It reports whether others waited for its end, and how many results became ready: they
// can be written now and could not before.
func (o *order) finish(e *entry, r *result) (awaited bool, ready int) {
	if o.keep {
		if o.owner == e {
			o.owner = nil
		}
		return e.job.Index == o.head, o.setDone(e.job.Index, r)
	}
	awaited = o.owner == e
	switch {
	case e.reserved != nil:
		if r == nil {
			r = &result{}
		}
		*e.reserved = *r
		awaited = len(o.finished) > 1
		e.reserved = nil
	case r == nil:
	case awaited:
		o.finished = append([]*result{r}, o.finished...)
	default:
		o.finished = append(o.finished, r)
	}
	if o.owner == e {
		o.owner = nil
	}
	o.unask(e)
	return awaited, o.countReady()
}

// finishFailed takes what the last attempt of a job has left that is not retried after all. It returns how many results
// became ready.
func (o *order) finishFailed(index int64, r *result) (ready int) {
	switch {
	case o.keep:
		return o.setDone(index, r)
	case r != nil:
		o.finished = append(o.finished, r)
	}
	return o.countReady()
}

func (o *order) setDone(index int64, r *result) (ready int) {
	*o.at(index) = turn{done: true, result: r}
	if r != nil {
		return 1
	}
	return 0
}

// countReady counts the results before the first open one, and returns how many of them were not counted before.
func (o *order) countReady() (more int) {
	before := o.counted
	for o.counted < len(o.finished) && !o.finished[o.counted].open {
		o.counted++
	}
	return o.counted - before
}

// ask queues a job for the stream. With keep the head has it anyway.
func (o *order) ask(e *entry) {
	if !o.keep {
		o.waiting = append(o.waiting, e)
	}
}

func (o *order) unask(e *entry) {
	for i, w := range o.waiting {
		if w == e {
			o.waiting = append(o.waiting[:i], o.waiting[i+1:]...)
			return
		}
	}
}

// next takes from the order what can be written now. It lends the stream, for the time after that, to a running job
// whose turn it is.
func (o *order) next(batch []*result) (ready []*result, lend *entry) {
	if o.owner != nil {
		return batch, nil
	}
	if o.keep {
		return o.nextInOrder(batch)
	}
	batch = append(batch, o.finished[:o.counted]...)
	o.finished = slices.Delete(o.finished, 0, o.counted)
	o.counted = 0
	if len(o.waiting) > 0 && len(o.finished) == 0 {
		o.owner = o.waiting[0]
		o.waiting = o.waiting[1:]
	}
	return batch, o.owner
}

func (o *order) nextInOrder(batch []*result) (ready []*result, lend *entry) {
	for len(o.ring) > 0 {
		head := o.at(o.head)
		if !head.done {
			if o.streams() && len(batch) == 0 {
				o.owner = head.running
			}
			return batch, o.owner
		}
		if head.result != nil {
			batch = append(batch, head.result)
		}
		*head = turn{}
		o.head++
	}
	return batch, nil
}

// at returns the turn of a job that is not before the head. The ring grows to hold it.
func (o *order) at(index int64) *turn {
	if need := index - o.head; need >= int64(len(o.ring)) {
		size := int64(max(64, len(o.ring)))
		for size <= need {
			size *= 2
		}
		grown := make([]turn, size)
		for i := range int64(len(o.ring)) {
			at := o.head + i
			grown[at%size] = o.ring[at%int64(len(o.ring))]
		}
		o.ring = grown
	}
	return &o.ring[index%int64(len(o.ring))]
}
