package schedule

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

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
			if err := Run(t.Context(), Spec{Slots: tt.workers}, src.all, exec, l); err != nil {
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
		spec := Spec{Slots: 1 + rnd.IntN(12), Soon: rnd.IntN(2) == 0}
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
			for range work[j.Index] {
				runtime.Gosched()
			}
			if j.Index == cancelAt {
				cancel(stop)
			}
			switch {
			case ctx.Err() != nil:
				return job.Status{Outcome: job.Stopped}
			case fails && j.Index%5 == 0:
				return bad
			default:
				return ok
			}
		}), l)
		cancel(nil)
		l.check(t, src.pulled, spec.Slots)
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

// TestOneSlotWaits: while one slot waits for a slow source, jobs that run go on.
func TestOneSlotWaits(t *testing.T) {
	l := newLedger()
	ended := make(chan struct{})
	slow := func(ctx context.Context) iter.Seq2[job.Job, error] {
		return func(yield func(job.Job, error) bool) {
			for seq := range int64(5) {
				if !yield(job.Job{Index: seq + 1}, nil) {
					return
				}
				<-ended
			}
		}
	}
	err := Run(t.Context(), Spec{Slots: 3}, slow, runFunc(func(context.Context, job.Job) job.Status {
		ended <- struct{}{}
		return ok
	}), l)
	if err != nil {
		t.Error(err)
	}
	l.check(t, 5, 3)
}
