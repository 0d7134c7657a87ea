package schedule

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"

	"fanout/internal/job"
)

// ledger is a Collector that remembers what happened, and finds what must not happen.
type ledger struct {
	mu       sync.Mutex
	slots    map[int]int64 // the job that runs on a slot
	starts   map[int64]int
	waits    map[int64]bool // jobs between two attempts
	dones    map[int64]job.Status
	attempts map[int64]int // that have ended

	noRoom func(j job.Job) // called by Await
	most   int             // jobs at a time
	faults []string
}

func newLedger() *ledger {
	return &ledger{
		slots: map[int]int64{}, starts: map[int64]int{}, waits: map[int64]bool{}, dones: map[int64]job.Status{}, attempts: map[int64]int{},
		noRoom: func(job.Job) {},
	}
}

func (l *ledger) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

func (l *ledger) Await(j job.Job) { l.noRoom(j) }

func (l *ledger) Start(j job.Job) job.Output {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, busy := l.slots[j.Slot]; busy {
		l.fault("job %d starts on slot %d, where %d runs", j.Index, j.Slot, other)
	}
	l.slots[j.Slot] = j.Index
	l.most = max(l.most, len(l.slots))
	switch {
	case !l.waits[j.Index]:
		l.starts[j.Index]++
	case j.Attempt != l.attempts[j.Index]+1:
		l.fault("attempt %d of job %d comes after %d attempts", j.Attempt, j.Index, l.attempts[j.Index])
	}
	delete(l.waits, j.Index)
	return job.Output{}
}

// leave ends an attempt.
func (l *ledger) leave(j job.Job) {
	if l.slots[j.Slot] != j.Index {
		l.fault("job %d ends on slot %d, where it did not start", j.Index, j.Slot)
	}
	delete(l.slots, j.Slot)
	l.attempts[j.Index]++
}

func (l *ledger) done(j job.Job, st job.Status) {
	if _, twice := l.dones[j.Index]; twice {
		l.fault("job %d is done twice", j.Index)
	}
	l.dones[j.Index] = st
}

func (l *ledger) Retry(j job.Job, st job.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave(j)
	l.waits[j.Index] = true
}

func (l *ledger) Begun(job.Job) {}

func (l *ledger) Ended(job.Job) {}

func (l *ledger) Unstart(j job.Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.Attempt < 2 {
		l.fault("job %d is taken back in its first attempt", j.Index)
	}
	l.leave(j)
	l.waits[j.Index] = true
}

func (l *ledger) Abandon(j job.Job, st job.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.waits[j.Index] || !st.Failed() {
		l.fault("job %d does not wait for an attempt, and is abandoned: %v", j.Index, st)
	}
	delete(l.waits, j.Index)
	l.done(j, st)
}

func (l *ledger) Done(j job.Job, st job.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave(j)
	l.done(j, st)
}

func (l *ledger) count(end job.Outcome) (n int) {
	for _, st := range l.dones {
		if st.Outcome == end {
			n++
		}
	}
	return n
}

// check holds for every run: each of the jobs that were pulled has one Start and
// one Done, on a slot from 1 to workers.
func (l *ledger) check(t *testing.T, pulled int64, workers int) {
	t.Helper()
	for _, f := range l.faults {
		t.Error(f)
	}
	for seq := int64(1); seq <= pulled; seq++ {
		if _, done := l.dones[seq]; l.starts[seq] != 1 || !done {
			t.Errorf("job %d: %d starts, done %v", seq, l.starts[seq], done)
		}
	}
	if n := len(l.starts); int64(n) != pulled {
		t.Errorf("%d jobs started, %d were pulled", n, pulled)
	}
	if len(l.waits) > 0 {
		t.Errorf("%d jobs wait for an attempt", len(l.waits))
	}
	if len(l.slots) > 0 || l.most > workers {
		t.Errorf("%d jobs still run, %d ran at a time on %d workers", len(l.slots), l.most, workers)
	}
}

// source yields a number of jobs, and then its error. It counts what was pulled.
type source struct {
	jobs   int64
	err    error
	pulled int64

	blocked func() // called instead of an end, before a wait for ctx
}

func (s *source) all(ctx context.Context) iter.Seq2[job.Job, error] {
	return func(yield func(job.Job, error) bool) {
		for s.pulled < s.jobs {
			s.pulled++
			if !yield(job.Job{Index: s.pulled, Attempt: 1}, nil) {
				return
			}
		}
		if s.blocked != nil {
			s.blocked()
			<-ctx.Done()
		}
		if s.err != nil {
			yield(job.Job{}, s.err)
		}
	}
}

// runFunc is an Executor.
type runFunc func(ctx context.Context, j job.Job) job.Status

func (f runFunc) Run(ctx context.Context, j job.Job, _ job.Output) job.Status { return f(ctx, j) }

var ok = job.Status{}
var bad = job.Status{Code: 1}
