package pool

import (
	"context"
	"time"

	"fanout/internal/job"
)

// Worker is one worker, as the Pool knows it, from its start to its end. Its Client reports to it.
type Worker struct {
	Number    int    // from 1; the next worker in its seat has the same number
	Host      string // as the Host is named
	Machine   string // the machine's own name, once the worker has started; "" is this machine
	FirstSlot int    // the number of its first slot; 0 until it is known how many slots it has

	pool     *Pool
	seat     *seat
	threads  int    // how many jobs it runs at a time
	starts   int    // how many of them count in Pool.starting
	client   Client // nil until it has started
	tasks    list   // in the order of Send
	depth    int    // how many tasks it may have
	unsent   int    // how many tasks may not have gone out yet
	finished int
	mean     time.Duration // about how long a job takes
	latency  time.Duration // about how long a ping and its answer take
	gone     bool
}

// give sends a job to the worker. The lock is held, as in take.
func (w *Worker) give(t *Task) {
	t.worker = w
	t.recalled = false
	w.tasks.push(t)
	if w.tasks.n > w.threads {
		w.pool.ahead++
	}
	w.client.Send(t)
	w.unsent++
	w.flush()
}

// flush sends jobs out before the worker has done those that it has. Half of what it may have keeps it busy while the
// others are on their way, and half of them go in one piece. Jobs that take no time wait a moment for each other: a
// million of them took 35 s when sent one by one, and take 4 s so.
func (w *Worker) flush() {
	const batch = 32
	switch {
	case w.unsent == 0, w.tasks.n-w.unsent > max(w.threads, w.depth/2):
	case w.pool.spec.Free && w.unsent < min(batch, w.depth/2):
		w.client.FlushSoon()
	default:
		w.unsent = 0
		w.client.Flush()
	}
}

// take removes a job from the worker.
func (w *Worker) take(t *Task) {
	if w.tasks.n > w.threads {
		w.pool.ahead--
	}
	w.tasks.remove(t)
	t.worker = nil
	w.flush()
}

// Begun reports that a job runs now. Unlike the other reports, it may be called from within Send.
func (w *Worker) Begun(t *Task) { w.BegunAt(t, time.Now()) }

// BegunAt is Begun for a caller that knows the time.
func (w *Worker) BegunAt(t *Task, now time.Time) {
	t.begun.Store(now.UnixNano())
	t.Attempt.Owner.Begun(t.Attempt)
}

// Ended reports that a job has ended well, as far as the worker knows. Its slot is free; Done follows when the worker
// is sure.
func (w *Worker) Ended(t *Task) {
	now := time.Now()
	p := w.pool
	p.mu.Lock()
	t.ended = true
	w.take(t)
	w.learn(t, now)
	p.settle(w)
	p.mu.Unlock()
	t.Attempt.Owner.Ended(t.Attempt)
}

// Done reports the outcome of a job. The caller does not use the Task any more.
func (w *Worker) Done(t *Task, st job.Status) { w.DoneAt(t, st, time.Now()) }

// DoneAt is Done for a caller that knows the time.
func (w *Worker) DoneAt(t *Task, st job.Status, now time.Time) {
	p := w.pool
	p.mu.Lock()
	if !t.ended {
		w.take(t)
		w.learn(t, now)
	}
	st.Worker, st.Host = w.Number, w.Machine
	if begun := t.begun.Load(); begun != 0 && st.Usage.Wall == 0 {
		st.Usage.Wall = max(0, time.Duration(now.UnixNano()-begun))
	}
	// A job that has cost its last worker is to blame, and not the workers.
	if !w.gone || st.Outcome == job.Lost && t.Attempt.Job.Lost+1 >= job.LostMax {
		w.seat.host.deaths = 0
	}
	if st.Outcome == job.Lost && (t.cancelled || p.stopped) {
		st = job.Status{Outcome: job.Stopped, Usage: st.Usage}
	}
	st.Unused = st.Outcome == job.Stopped && t.begun.Load() == 0
	attempt := t.Attempt
	p.recycle(t)
	p.settle(w)
	p.mu.Unlock()
	attempt.Owner.Done(attempt, st)
}

// quick is how much work a worker should have beyond the jobs that it runs: enough to be busy while the next are on
// their way, and for several to go over in one piece. 3000 × true by 4 workers took 1.2 times as long as by 4 threads
// with 2 ms, and 1.07 times with 16 ms.
const quick = 16 * time.Millisecond

// learn adapts how many jobs the worker may have to how long they take. The lock is held.
func (w *Worker) learn(t *Task, now time.Time) {
	var took time.Duration
	if begun := t.begun.Load(); begun != 0 {
		took = max(0, time.Duration(now.UnixNano()-begun))
	}
	w.mean += (took - w.mean) / 8
	w.finished++
	const enough = 4
	if w.pool.spec.Ahead == 0 || w.finished < enough || w.gone {
		return
	}
	more := w.pool.spec.Ahead
	if w.mean > 0 {
		more = min(more, int(time.Duration(w.threads)*quick/w.mean)+w.onTheWay())
	}
	depth := w.threads + more
	w.pool.extra.Add(int64(depth - w.depth))
	w.depth = depth
}

// onTheWay returns how many jobs a worker on another machine finishes while the next are on their way, and as many
// again for when they are late.
func (w *Worker) onTheWay() int {
	const small = 50 // times: less than 2 % is lost
	if w.latency*small < w.mean {
		return 0
	}
	all := 2 * time.Duration(w.threads) * w.latency
	return int((all + w.mean - 1) / w.mean)
}

// recall asks for all jobs that have not begun. The lock is held.
func (w *Worker) recall() {
	for t := w.tasks.first; t != nil; t = t.after {
		if t.begun.Load() == 0 && !t.recalled {
			t.recalled = true
			w.client.Recall(t)
		}
	}
}

// Return gives back a job that has not begun, or that may run once more.
func (w *Worker) Return(t *Task) {
	p := w.pool
	p.mu.Lock()
	w.take(t)
	t.begun.Store(0)
	over := p.halted || t.cancelled
	if !over {
		p.queue.unshift(t)
	}
	p.dispatch() // to others, also when this one has gone
	p.settle(w)
	p.mu.Unlock()
	if over {
		t.stopped()
	}
}

// HopelessError is the end of a worker where another would fail in the same way. It ends the run.
type HopelessError struct{ Err error }

func (e *HopelessError) Error() string { return e.Err.Error() }
func (e *HopelessError) Unwrap() error { return e.Err }

// Leave reports that the worker takes no more jobs: it has died, or is about to. Done or Return still follows for each
// that it has.
func (w *Worker) Leave() {
	w.pool.mu.Lock()
	w.leave()
	w.pool.mu.Unlock()
}

// leave is Leave with the lock held.
func (w *Worker) leave() {
	if !w.gone {
		w.gone = true
		w.pool.extra.Add(int64(w.threads - w.depth))
		w.depth = w.threads
	}
}

// Gone reports that nothing is left of the worker, and why it has died; nil: it was dismissed. Done may follow it for
// jobs whose output is still on its way.
func (w *Worker) Gone(why error) {
	p := w.pool
	defer p.left.Done()
	p.mu.Lock()
	w.leave()
	if w.seat.worker == w {
		w.seat.worker = nil
		w.seat.host.present--
		if !w.seat.host.closed {
			p.vacant++
		}
	}
	if why != nil && !p.closed && !p.stopped && !w.seat.host.closed {
		p.died(w, why)
	}
	p.dispatch()
	p.mu.Unlock()
}

// Slots sets how many jobs the worker runs at a time, where that was not known. It is called before Start returns.
func (w *Worker) Slots(threads int) {
	p := w.pool
	p.mu.Lock()
	if !w.seat.host.closed {
		p.resize(w.seat, threads)
	}
	w.threads, w.depth = threads, threads
	w.FirstSlot = w.seat.first
	grown := p.grown
	p.mu.Unlock()
	grown()
}

// Threads returns how many jobs the worker runs at a time.
func (w *Worker) Threads() int {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.threads
}

// Leftovers adds the leftovers of the worker's jobs, where it is on another machine.
func (w *Worker) Leftovers(n int) { w.pool.leftovers.Add(int64(n)) }

// Context returns what is done when no more jobs begin.
func (w *Worker) Context() context.Context { return w.pool.ctx }

// Latency reports how long the worker took to answer.
func (w *Worker) Latency(d time.Duration) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if w.latency == 0 {
		w.latency = d
	}
	w.latency += (d - w.latency) / 4
}
