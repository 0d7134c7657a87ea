package collect

// order decides whose output is next. With keep, it is the job with the lowest
// number; otherwise finished jobs come in the order of their end, and a job that
// wants to stream has its turn between them.
type order struct {
	keep  bool
	lends bool // running jobs may have the stream

	// With keep: a ring of places by job number, the first of them head's.
	head int64
	ring []place

	// Otherwise.
	finished []*result
	waiting  []*entry

	owner *entry // the job that the stream is lent to
}

// place is a job of the order: not started yet, running, or done.
type place struct {
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
		o.at(e.job.Seq).running = e
	}
}

// unstart has the job not be started yet.
func (o *order) unstart(e *entry) {
	if o.owner == e {
		o.owner = nil
	}
	if o.keep {
		*o.at(e.job.Seq) = place{}
	}
	o.unwait(e)
}

// abandon takes what the last try of a job has left, of which there is no other.
func (o *order) abandon(seq int64, r *result) {
	switch {
	case o.keep:
		*o.at(seq) = place{done: true, result: r}
	case r != nil:
		o.finished = append(o.finished, r)
	}
}

// finish takes the job's result, and reports whether others waited for its end.
func (o *order) finish(e *entry, r *result) (awaited bool) {
	owned := o.owner == e
	if owned {
		o.owner = nil
	}
	switch {
	case o.keep:
		*o.at(e.job.Seq) = place{done: true, result: r}
		return e.job.Seq == o.head
	case r == nil:
	case owned:
		o.finished = append([]*result{r}, o.finished...)
	default:
		o.finished = append(o.finished, r)
	}
	o.unwait(e)
	return owned
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
	batch = append(batch, o.finished...)
	clear(o.finished)
	o.finished = o.finished[:0]
	if len(o.waiting) > 0 {
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
		*p = place{}
		o.head++
	}
	return batch, nil
}

// at is the place of a job that is not before the head, in a ring that grows to
// hold it.
func (o *order) at(seq int64) *place {
	if need := seq - o.head; need >= int64(len(o.ring)) {
		size := int64(max(64, len(o.ring)))
		for size <= need {
			size *= 2
		}
		grown := make([]place, size)
		for i := range int64(len(o.ring)) {
			at := o.head + i
			grown[at%size] = o.ring[at%int64(len(o.ring))]
		}
		o.ring = grown
	}
	return &o.ring[seq%int64(len(o.ring))]
}
