package pool

import (
	"time"

	"fanout/internal/job"
)

// Worker is the place of one worker in the Pool. It is left when the worker has gone;
// the next gets another.
type Worker struct {
	Number    int    // from 1; the next worker in its seat has the same
	Host      string // the name of its place
	Machine   string // the machine that it is on, once it has started; "" is this one
	FirstSlot int    // the number of the first of its slots; 0 until it is known how many these are

	pool     *Pool
	seat     *seat
	threads  int    // how many jobs it runs at a time
	starts   int    // of these, how many it counted for while it was starting
	client   Client // nil until it has started
	tasks    list   // in the order in which it got them
	depth    int    // how many it may have
	unsent   int    // of these, how many may still be on our side
	finished int
	mean     time.Duration // about what a job takes
	latency  time.Duration // about what a question and its answer take
	gone     bool
}

// give is called with the lock held, as is take.
func (m *Worker) give(t *Task) {
	t.worker = m
	t.recalled = false
	m.tasks.push(t)
	if m.tasks.n > m.threads {
		m.pool.ahead++
	}
	m.client.Send(t)
	m.unsent++
	m.flush()
}

// flush has jobs go out before the worker has done what it has. Half of what it may have
// is enough to keep it busy for as long as the others are on their way, and half of them
// go in one piece. Jobs that take no time wait a moment for each other: sent one by one, a
// million of them took 35 s, and 4 s so.
func (m *Worker) flush() {
	const batch = 32
	switch {
	case m.unsent == 0, m.tasks.n-m.unsent > max(m.threads, m.depth/2):
	case m.pool.spec.Free && m.unsent < min(batch, m.depth/2):
		m.client.FlushSoon()
	default:
		m.unsent = 0
		m.client.Flush()
	}
}

func (m *Worker) take(t *Task) {
	if m.tasks.n > m.threads {
		m.pool.ahead--
	}
	m.tasks.remove(t)
	t.worker = nil
	m.flush()
}

// Begun says that a job runs now. Unlike the others, it may be called from within Send.
func (m *Worker) Begun(t *Task) { m.BegunAt(t, time.Now()) }

// BegunAt is Begun for who knows the time.
func (m *Worker) BegunAt(t *Task, now time.Time) {
	t.begun.Store(now.UnixNano())
	t.Attempt.Owner.Begun(t.Attempt)
}

// Ended says that a job has ended well, as far as the worker knows. Its place is free; it is Done
// when the worker is sure.
func (m *Worker) Ended(t *Task) {
	now := time.Now()
	p := m.pool
	p.mu.Lock()
	t.ended = true
	m.take(t)
	m.learn(t, now)
	p.settle(m)
	p.mu.Unlock()
	t.Attempt.Owner.Ended(t.Attempt)
}

// Done says how a job has ended. The Task is nobody's after that.
func (m *Worker) Done(t *Task, st job.Status) { m.DoneAt(t, st, time.Now()) }

// DoneAt is Done for who knows the time.
func (m *Worker) DoneAt(t *Task, st job.Status, now time.Time) {
	p := m.pool
	p.mu.Lock()
	if !t.ended {
		m.take(t)
		m.learn(t, now)
	}
	st.Worker, st.Host = m.Number, m.Machine
	if begun := t.begun.Load(); begun != 0 && st.Usage.Wall == 0 {
		st.Usage.Wall = max(0, time.Duration(now.UnixNano()-begun))
	}
	const lostMax = 3 // attempts at one job, which then is to blame, and not the workers
	if !m.gone || st.Outcome == job.Lost && t.Attempt.Job.Lost+1 >= lostMax {
		m.seat.host.deaths = 0
	}
	if st.Outcome == job.Lost && (t.cancelled || p.stopped) {
		st = job.Status{Outcome: job.Stopped, Usage: st.Usage}
	}
	st.Unused = st.Outcome == job.Stopped && t.begun.Load() == 0
	try := t.Attempt
	p.recycle(t)
	p.settle(m)
	p.mu.Unlock()
	try.Owner.Done(try, st)
}

// quick is how much work a worker should have beyond the jobs that it runs: enough to
// be busy while the next are on their way to it, and for several to go over in one piece: 3000 ×
// true by 4 workers took 1.2 times as long as by 4 threads with 2 ms, and 1.07 with 16.
const quick = 16 * time.Millisecond

// learn adapts how many jobs the worker may have to how long they take.
func (m *Worker) learn(t *Task, now time.Time) {
	var took time.Duration
	if begun := t.begun.Load(); begun != 0 {
		took = max(0, time.Duration(now.UnixNano()-begun))
	}
	m.mean += (took - m.mean) / 8
	m.finished++
	const enough = 4
	if m.pool.spec.Ahead == 0 || m.finished < enough || m.gone {
		return
	}
	more := m.pool.spec.Ahead
	if m.mean > 0 {
		more = min(more, int(time.Duration(m.threads)*quick/m.mean)+m.onTheWay())
	}
	depth := m.threads + more
	m.pool.extra.Add(int64(depth - m.depth))
	m.depth = depth
}

// onTheWay is how many jobs a worker that is far away ends while it hears of the next,
// and as many again for when they are late.
func (m *Worker) onTheWay() int {
	const small = 50 // times: less is lost than 2 %
	if m.latency*small < m.mean {
		return 0
	}
	all := 2 * time.Duration(m.threads) * m.latency
	return int((all + m.mean - 1) / m.mean)
}

// recall asks for all jobs that have not begun.
func (m *Worker) recall() {
	for t := m.tasks.first; t != nil; t = t.after {
		if t.begun.Load() == 0 && !t.recalled {
			t.recalled = true
			m.client.Recall(t)
		}
	}
}

// Return gives back a job that has not begun, or to which nothing has happened.
func (m *Worker) Return(t *Task) {
	p := m.pool
	p.mu.Lock()
	m.take(t)
	t.begun.Store(0)
	over := p.halted || t.cancelled
	if !over {
		p.queue.unshift(t)
	}
	p.dispatch() // for others, also when this one has gone
	p.settle(m)
	p.mu.Unlock()
	if over {
		t.stopped()
	}
}

// HopelessError is why a worker has gone when another would fare no better.
type HopelessError struct{ Err error }

func (e *HopelessError) Error() string { return e.Err.Error() }
func (e *HopelessError) Unwrap() error { return e.Err }

// Leave says that the worker takes no more jobs: it has died, or is about to. Those that it
// has are still to be Done or Returned.
func (m *Worker) Leave() {
	m.pool.mu.Lock()
	m.leave()
	m.pool.mu.Unlock()
}

func (m *Worker) leave() {
	if !m.gone {
		m.gone = true
		m.pool.extra.Add(int64(m.threads - m.depth))
		m.depth = m.threads
	}
}

// Gone says that nothing is left of the worker, and why it has died; nil when it was
// dismissed. Jobs whose output is still on its way may be Done after it.
func (m *Worker) Gone(why error) {
	p := m.pool
	defer p.left.Done()
	p.mu.Lock()
	m.leave()
	if m.seat.worker == m {
		m.seat.worker = nil
		m.seat.host.present--
		if !m.seat.host.closed {
			p.vacant++
		}
	}
	if why != nil && !p.closed && !p.stopped && !m.seat.host.closed {
		p.died(m, why)
	}
	p.dispatch()
	p.mu.Unlock()
}
