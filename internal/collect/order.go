package collect

import "slices"

// order decides whose output is next. With keep, it is the job with the lowest
// number; otherwise finished jobs come in the order of their end, and a job that
// wants to stream has its turn between them.
type order struct {
	keep  bool
	lends bool // running jobs may have the stream

	// With keep: a ring of places by job number, the first of them head's.
	head int64
	ring []turn

	// Otherwise.
	finished []*result
	counted  int // the first of these, none of which is open
	waiting  []*entry

	owner *entry // the job that the stream is lent to
}

// hostState is a job of the order: not started yet, running, or done.
type turn struct {
	running *entry // nil while its output must not be seen
	done    bool
	result  *result // nil when nothing is left to write
}

func newOrder(keep, lends bool) order { return order{keep: keep, lends: lends, head: 1} }

// streams says that the head of the order has the stream while it runs.
func (o *order) streams() bool { return o.keep && o.lends }

// within reports whether the job may start with no more than n jobs before it in
// the order of which the first is not written yet.
func (o *order) within(seq int64, n int) bool {
	if o.keep {
		return seq-o.head < int64(n)
	}
	return len(o.finished) < n
}

func (o *order) start(e *entry) {
	if o.keep && !e.kept {
		o.at(e.job.Index).running = e
	}
}

// unstart has the job not be started yet.
func (o *order) unstart(e *entry) {
	if o.owner == e {
		o.owner = nil
	}
	if o.keep {
		*o.at(e.job.Index) = turn{}
	}
	o.unwait(e)
}

// abandon takes what the last try of a job has left, of which there is no other. Like finish,
// it returns how many results can be written out now that could not before.
func (o *order) abandon(seq int64, r *result) (more int) {
	switch {
	case o.keep:
		return o.put(seq, r)
	case r != nil:
		o.finished = append(o.finished, r)
	}
	return o.count()
}

func (o *order) put(seq int64, r *result) (more int) {
	*o.at(seq) = turn{done: true, result: r}
	if r != nil {
		return 1
	}
	return 0
}

// count returns how many results there are before the first open one, of those that were not
// counted yet.
func (o *order) count() (more int) {
	before := o.counted
	for o.counted < len(o.finished) && !o.finished[o.counted].open {
		o.counted++
	}
	return o.counted - before
}

// expect gives a job that has ended and is not done its place: what ends after it comes after
// it.
func (o *order) expect(e *entry) {
	if o.keep || o.owner == e {
		return
	}
	e.early = &result{open: true}
	o.finished = append(o.finished, e.early)
	o.unwait(e)
}

// vacate takes back what expect has done, for a job that is tried again.
func (o *order) vacate(e *entry) (more int) {
	if e.early != nil {
		*e.early = result{}
		e.early = nil
	}
	return o.count()
}

// finish takes the job's result, and reports whether others waited for its end.
func (o *order) finish(e *entry, r *result) (awaited bool, more int) {
	if o.keep {
		more = o.put(e.job.Index, r)
		if o.owner == e {
			o.owner = nil
		}
		return e.job.Index == o.head, more
	}
	awaited = o.owner == e
	switch {
	case e.early != nil:
		if r == nil {
			r = &result{}
		}
		*e.early = *r
		awaited = len(o.finished) > 1
		e.early = nil
	case r == nil:
	case awaited:
		o.finished = append([]*result{r}, o.finished...)
	default:
		o.finished = append(o.finished, r)
	}
	if o.owner == e {
		o.owner = nil
	}
	o.unwait(e)
	return awaited, o.count()
}

// want queues a job of which the output does not fit into its buffer.
func (o *order) want(e *entry) {
	if !o.keep {
		o.waiting = append(o.waiting, e)
	}
}

func (o *order) unwait(e *entry) {
	for i, w := range o.waiting {
		if w == e {
			o.waiting = append(o.waiting[:i], o.waiting[i+1:]...)
			return
		}
	}
}

// next takes from the order what can be written out now, and lends the stream,
// for the time after that, to a running job whose turn it is.
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
		p := o.at(o.head)
		if !p.done {
			if o.streams() && len(batch) == 0 {
				o.owner = p.running
			}
			return batch, o.owner
		}
		if p.result != nil {
			batch = append(batch, p.result)
		}
		*p = turn{}
		o.head++
	}
	return batch, nil
}

// at is the place of a job that is not before the head, in a ring that grows to
// hold it.
func (o *order) at(seq int64) *turn {
	if need := seq - o.head; need >= int64(len(o.ring)) {
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
	return &o.ring[seq%int64(len(o.ring))]
}
