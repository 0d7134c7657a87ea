package schedule

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

// starts returns when each of the jobs began, counted from the first.
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
	l.check(t, src.pulled, spec.Slots)
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
			at, err := starts(t, t.Context(), Spec{Slots: tt.workers, Delay: 200 * time.Millisecond}, 10, tt.takes)
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

// TestDelayBusy: with many slots that are free at the same time no job is early.
func TestDelayBusy(t *testing.T) {
	const delay = 2 * time.Millisecond
	at, err := starts(t, t.Context(), Spec{Slots: 10, Delay: delay}, 20, 0)
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
			at, err := starts(t, t.Context(), Spec{Slots: 1, Rate: rate}, jobs, 0)
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
			spec := Spec{Slots: 2, Delay: time.Hour, MaxFailures: Limit{Count: 1}, Soon: soon}
			err := Run(t.Context(), spec, src.all, runFunc(func(context.Context, job.Job) job.Status {
				time.Sleep(time.Second)
				return bad
			}), l)
			if err != ErrFailures || time.Since(began) != time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			l.check(t, 2, 2)
			if l.dones[2].Outcome != job.Stopped {
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
		at, err := starts(t, ctx, Spec{Slots: 1, Delay: time.Minute}, 10, 0)
		if !errors.Is(err, context.DeadlineExceeded) || len(at) != 2 {
			t.Errorf("%v, began at %v", err, at)
		}
	})
}
