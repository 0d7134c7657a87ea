package schedule

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

// ledger is a Collector that keeps what happened, and finds what must not happen.
type ledger struct {
	mu     sync.Mutex
	slots  map[int]int64 // the job that runs on a slot
	starts map[int64]int
	dones  map[int64]job.Status
	most   int // jobs at a time
	faults []string
}

func newLedger() *ledger {
	return &ledger{slots: map[int]int64{}, starts: map[int64]int{}, dones: map[int64]job.Status{}}
}

func (l *ledger) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

func (l *ledger) Start(j job.Job) job.Output {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, busy := l.slots[j.Slot]; busy {
		l.fault("job %d starts on slot %d, where %d runs", j.Seq, j.Slot, other)
	}
	l.slots[j.Slot] = j.Seq
	l.starts[j.Seq]++
	l.most = max(l.most, len(l.slots))
	return job.Output{}
}

func (l *ledger) Done(j job.Job, st job.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, twice := l.dones[j.Seq]; twice {
		l.fault("job %d is done twice", j.Seq)
	}
	if l.slots[j.Slot] != j.Seq {
		l.fault("job %d is done on slot %d, where it did not start", j.Seq, j.Slot)
	}
	l.dones[j.Seq] = st
	delete(l.slots, j.Slot)
}

func (l *ledger) count(end job.End) (n int) {
	for _, st := range l.dones {
		if st.End == end {
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
	if len(l.slots) > 0 || l.most > workers {
		t.Errorf("%d jobs still run, %d ran at a time on %d workers", len(l.slots), l.most, workers)
	}
}

// source yields so many jobs, and then its error. It counts what was pulled.
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
			if !yield(job.Job{Seq: s.pulled, Attempt: 1}, nil) {
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

func TestSlots(t *testing.T) {
	for _, tt := range []struct {
		jobs    int64
		workers int
	}{{0, 1}, {0, 8}, {1, 1}, {1, 64}, {3, 64}, {100, 1}, {100, 7}, {1000, 64}} {
		synctest.Test(t, func(t *testing.T) {
			src, l := &source{jobs: tt.jobs}, newLedger()
			var mu sync.Mutex
			used := map[int]bool{}
			exec := runFunc(func(_ context.Context, j job.Job) job.Status {
				mu.Lock()
				used[j.Slot] = true
				mu.Unlock()
				time.Sleep(time.Second)
				return ok
			})
			if err := Run(t.Context(), Spec{Workers: tt.workers}, src.all, exec, l); err != nil {
				t.Error(err)
			}
			l.check(t, tt.jobs, tt.workers)
			want := min(int(tt.jobs), tt.workers)
			if l.most != want {
				t.Errorf("%d jobs on %d workers: %d at a time", tt.jobs, tt.workers, l.most)
			}
			for slot := range used {
				if slot < 1 || slot > want {
					t.Errorf("%d jobs on %d workers used slot %d", tt.jobs, tt.workers, slot)
				}
			}
		})
	}
}

// TestInvariant: whatever happens, each job that was pulled has one Start and one Done.
func TestInvariant(t *testing.T) {
	broken := errors.New("broken input")
	stop := errors.New("stopped from outside")
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		ctx, cancel := context.WithCancelCause(t.Context())
		src := &source{jobs: rnd.Int64N(60)}
		if rnd.IntN(3) == 0 {
			src.err = broken
		}
		spec := Spec{Workers: 1 + rnd.IntN(12), Soon: rnd.IntN(2) == 0}
		if rnd.IntN(2) == 0 {
			spec.MaxFailures = Limit{Count: 1 + rnd.Int64N(4)}
		}
		if rnd.IntN(4) == 0 {
			spec.Delay = time.Duration(rnd.IntN(50)) * time.Microsecond
		}
		fails := rnd.IntN(3) == 0
		cancelAt := int64(-1) // the job that ends the run from outside
		if rnd.IntN(3) == 0 {
			cancelAt = rnd.Int64N(60)
		}
		if rnd.IntN(4) == 0 {
			src.blocked = func() { go cancel(stop) }
		}
		work := make([]int, src.jobs+1)
		for i := range work {
			work[i] = rnd.IntN(20)
		}
		l := newLedger()
		err := Run(ctx, spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			for range work[j.Seq] {
				runtime.Gosched()
			}
			if j.Seq == cancelAt {
				cancel(stop)
			}
			switch {
			case ctx.Err() != nil:
				return job.Status{End: job.Stopped}
			case fails && j.Seq%5 == 0:
				return bad
			default:
				return ok
			}
		}), l)
		cancel(nil)
		l.check(t, src.pulled, spec.Workers)
		switch {
		case errors.Is(err, stop) && (cancelAt > 0 || src.blocked != nil):
		case errors.Is(err, broken) && src.err != nil, errors.Is(err, ErrFailures) && fails:
		case err == nil && src.blocked == nil && src.err == nil:
			if src.pulled != src.jobs || l.count(job.Stopped) > 0 {
				t.Errorf("seed %d: %d of %d jobs pulled, %d stopped, and no error", seed, src.pulled, src.jobs, l.count(job.Stopped))
			}
		default:
			t.Errorf("seed %d: unexpected error %v", seed, err)
		}
	}
}

func TestStopNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 100}, newLedger()
		began := time.Now()
		err := Run(t.Context(), Spec{Workers: 4, MaxFailures: Limit{Count: 1}}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			if j.Seq == 2 {
				time.Sleep(time.Second)
				return bad
			}
			select {
			case <-ctx.Done():
				if context.Cause(ctx) != ErrFailures {
					t.Errorf("the cause is %v", context.Cause(ctx))
				}
				return job.Status{End: job.Stopped}
			case <-time.After(time.Hour):
				return ok
			}
		}), l)
		if err != ErrFailures || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		l.check(t, src.pulled, 4)
		if src.pulled != 4 || l.count(job.Stopped) != 3 {
			t.Errorf("%d pulled, %d stopped", src.pulled, l.count(job.Stopped))
		}
	})
}

func TestStopSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 100}, newLedger()
		began := time.Now()
		err := Run(t.Context(), Spec{Workers: 4, MaxFailures: Limit{Count: 1}, Soon: true}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			if j.Seq == 2 {
				return bad
			}
			time.Sleep(time.Minute)
			if ctx.Err() != nil {
				t.Errorf("job %d was interrupted", j.Seq)
			}
			return ok
		}), l)
		if err != ErrFailures || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		l.check(t, src.pulled, 4)
		for seq, st := range l.dones {
			if st.End == job.Stopped && st.Code != 0 {
				t.Errorf("job %d: %v", seq, st)
			}
		}
	})
}

// TestNothingAfterStop: once a job's failure has decided on a stop, no job begins.
func TestNothingAfterStop(t *testing.T) {
	for _, soon := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			src, l := &source{jobs: 1000}, newLedger()
			var mu sync.Mutex
			decided := time.Time{}
			spec := Spec{Workers: 3, MaxFailures: Limit{Count: 2}, Soon: soon}
			err := Run(t.Context(), spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
				mu.Lock()
				if !decided.IsZero() && time.Now().After(decided) {
					t.Errorf("job %d began after the stop", j.Seq)
				}
				mu.Unlock()
				time.Sleep(time.Duration(j.Seq) * time.Millisecond)
				if j.Seq == 10 || j.Seq == 20 {
					mu.Lock()
					if j.Seq == 20 {
						decided = time.Now()
					}
					mu.Unlock()
					return bad
				}
				return ok
			}), l)
			if err != ErrFailures {
				t.Error(err)
			}
			l.check(t, src.pulled, 3)
			if src.pulled > 23 {
				t.Errorf("%d jobs were pulled", src.pulled)
			}
		})
	}
}

// TestPercent: the share counts only from 20 ended jobs on, and without those
// that were stopped.
func TestPercent(t *testing.T) {
	for _, tt := range []struct {
		percent float64
		fails   func(seq int64) bool
		want    int64 // jobs pulled
	}{
		{10, func(seq int64) bool { return seq <= 2 }, 20},
		{50, func(seq int64) bool { return seq > 30 }, 60},
		{100, func(int64) bool { return true }, 20},
		{7, func(seq int64) bool { return seq > 93 }, 100},
	} {
		src, l := &source{jobs: 200}, newLedger()
		err := Run(t.Context(), Spec{Workers: 1, MaxFailures: Limit{Percent: tt.percent}}, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
			if tt.fails(j.Seq) {
				return bad
			}
			return ok
		}), l)
		if err != ErrFailures || src.pulled != tt.want {
			t.Errorf("%v%%: %v after %d jobs, want %d", tt.percent, err, src.pulled, tt.want)
		}
		l.check(t, src.pulled, 1)
	}
}

// TestBlockedSource: a stop and an end from outside interrupt a wait for input.
func TestBlockedSource(t *testing.T) {
	outside := errors.New("outside")
	for name, want := range map[string]error{"now": ErrFailures, "soon": ErrFailures, "outside": outside} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if want == outside {
					time.AfterFunc(3*time.Second, func() { cancel(outside) })
				}
				src, l := &source{jobs: 2, blocked: func() {}, err: context.Canceled}, newLedger()
				began := time.Now()
				err := Run(ctx, Spec{Workers: 3, MaxFailures: Limit{Count: 1}, Soon: name == "soon"}, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
					time.Sleep(3 * time.Second)
					if j.Seq == 2 && want == ErrFailures {
						return bad
					}
					return ok
				}), l)
				if want == ErrFailures && err != want || time.Since(began) != 3*time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				l.check(t, 2, 3)
			})
		})
	}
}

// TestOneSlotWaits: while one slot waits for a slow source, jobs that run go on.
func TestOneSlotWaits(t *testing.T) {
	l := newLedger()
	ended := make(chan struct{})
	slow := func(ctx context.Context) iter.Seq2[job.Job, error] {
		return func(yield func(job.Job, error) bool) {
			for seq := range int64(5) {
				if !yield(job.Job{Seq: seq + 1}, nil) {
					return
				}
				<-ended
			}
		}
	}
	err := Run(t.Context(), Spec{Workers: 3}, slow, runFunc(func(context.Context, job.Job) job.Status {
		ended <- struct{}{}
		return ok
	}), l)
	if err != nil {
		t.Error(err)
	}
	l.check(t, 5, 3)
}

// starts is when each of the jobs began, counted from the first.
func starts(t *testing.T, ctx context.Context, spec Spec, jobs int64, takes time.Duration) (at []time.Duration, err error) {
	t.Helper()
	src, l := &source{jobs: jobs}, newLedger()
	var mu sync.Mutex
	began := time.Now()
	err = Run(ctx, spec, src.all, runFunc(func(context.Context, job.Job) job.Status {
		mu.Lock()
		at = append(at, time.Since(began))
		mu.Unlock()
		time.Sleep(takes)
		return ok
	}), l)
	l.check(t, src.pulled, spec.Workers)
	return at, err
}

func TestDelay(t *testing.T) {
	for _, tt := range []struct {
		workers int
		takes   time.Duration
		each    time.Duration // between two starts
	}{
		{1, 0, 200 * time.Millisecond},
		{10, time.Hour, 200 * time.Millisecond},
		{1, time.Second, time.Second}, // a delay is no pause after the end
	} {
		synctest.Test(t, func(t *testing.T) {
			at, err := starts(t, t.Context(), Spec{Workers: tt.workers, Delay: 200 * time.Millisecond}, 10, tt.takes)
			if err != nil {
				t.Error(err)
			}
			for i, d := range at {
				if want := time.Duration(i) * tt.each; (d - want).Abs() > time.Microsecond {
					t.Errorf("%d workers: job %d began at %v, not %v", tt.workers, i+1, d, want)
				}
			}
		})
	}
}

// TestDelayBusy: with many slots that are free at the same time none is early.
func TestDelayBusy(t *testing.T) {
	const delay = 2 * time.Millisecond
	at, err := starts(t, t.Context(), Spec{Workers: 10, Delay: delay}, 20, 0)
	if err != nil || len(at) != 20 {
		t.Fatal(len(at), err)
	}
	slices.Sort(at) // those of the same moment may be noted in another order
	for i, d := range at {
		if earliest := time.Duration(i) * delay; d < earliest-100*time.Microsecond {
			t.Errorf("job %d began at %v, before %v", i+1, d, earliest)
		}
	}
}

func TestRate(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 5, 99, 100, 1000, 50000} {
		synctest.Test(t, func(t *testing.T) {
			const jobs = 500
			at, err := starts(t, t.Context(), Spec{Workers: 1, Rate: rate}, jobs, 0)
			if err != nil || len(at) != jobs {
				t.Fatalf("%d jobs, %v", len(at), err)
			}
			burst := max(1, int(rate/100))
			for i, d := range at {
				earliest := time.Duration(float64(i-burst+1) / rate * float64(time.Second))
				if d < earliest-time.Microsecond {
					t.Fatalf("%v/s: job %d began at %v, before %v", rate, i+1, d, earliest)
				}
			}
			if latest := time.Duration((jobs + 1) / rate * float64(time.Second)); at[jobs-1] > latest {
				t.Errorf("%v/s: the last began at %v, after %v", rate, at[jobs-1], latest)
			}
		})
	}
}

// TestDelayStopped: a wait for the delay ends with the run, and the job that was
// pulled for it is done as stopped.
func TestDelayStopped(t *testing.T) {
	for _, soon := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			src, l := &source{jobs: 5}, newLedger()
			began := time.Now()
			spec := Spec{Workers: 2, Delay: time.Hour, MaxFailures: Limit{Count: 1}, Soon: soon}
			err := Run(t.Context(), spec, src.all, runFunc(func(context.Context, job.Job) job.Status {
				time.Sleep(time.Second)
				return bad
			}), l)
			if err != ErrFailures || time.Since(began) != time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			l.check(t, 2, 2)
			if l.dones[2].End != job.Stopped {
				t.Errorf("job 2: %v", l.dones[2])
			}
		})
	}
}

// TestDelayBeforeDeadline: a job whose time would come only after the end of the
// run does not begin ahead of it.
func TestDelayBeforeDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		at, err := starts(t, ctx, Spec{Workers: 1, Delay: time.Minute}, 10, 0)
		if !errors.Is(err, context.DeadlineExceeded) || len(at) != 2 {
			t.Errorf("%v, began at %v", err, at)
		}
	})
}

// TestCancelled: jobs of a run that has ended before it began do not run.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src, l := &source{jobs: 3}, newLedger()
	err := Run(ctx, Spec{Workers: 2}, src.all, runFunc(func(context.Context, job.Job) job.Status {
		t.Error("a job ran")
		return ok
	}), l)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	l.check(t, src.pulled, 2)
}

// TestInputError: what has been pulled before the error is still done.
func TestInputError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		src, l := &source{jobs: 5, err: broken}, newLedger()
		err := Run(t.Context(), Spec{Workers: 9}, src.all, runFunc(func(ctx context.Context, _ job.Job) job.Status {
			time.Sleep(time.Second)
			return job.Status{Code: min(1, len(fmt.Sprint(ctx.Err()))-len("<nil>"))}
		}), l)
		if err != broken {
			t.Error(err)
		}
		l.check(t, 5, 9)
		for seq, st := range l.dones {
			if !st.OK() {
				t.Errorf("job %d: %v", seq, st)
			}
		}
	})
}
