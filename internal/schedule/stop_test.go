package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

func TestStopNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 100}, newLedger()
		began := time.Now()
		err := Run(t.Context(), Spec{Slots: 4, MaxFailures: Limit{Count: 1}}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			if j.Index == 2 {
				time.Sleep(time.Second)
				return bad
			}
			select {
			case <-ctx.Done():
				if context.Cause(ctx) != ErrFailures {
					t.Errorf("the cause is %v", context.Cause(ctx))
				}
				return job.Status{Outcome: job.Stopped}
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
		err := Run(t.Context(), Spec{Slots: 4, MaxFailures: Limit{Count: 1}, Soon: true}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			if j.Index == 2 {
				return bad
			}
			time.Sleep(time.Minute)
			if ctx.Err() != nil {
				t.Errorf("job %d was interrupted", j.Index)
			}
			return ok
		}), l)
		if err != ErrFailures || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		l.check(t, src.pulled, 4)
		for seq, st := range l.dones {
			if st.Outcome == job.Stopped && st.Code != 0 {
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
			spec := Spec{Slots: 3, MaxFailures: Limit{Count: 2}, Soon: soon}
			err := Run(t.Context(), spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
				mu.Lock()
				if !decided.IsZero() && time.Now().After(decided) {
					t.Errorf("job %d began after the stop", j.Index)
				}
				mu.Unlock()
				time.Sleep(time.Duration(j.Index) * time.Millisecond)
				if j.Index == 10 || j.Index == 20 {
					mu.Lock()
					if j.Index == 20 {
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
		err := Run(t.Context(), Spec{Slots: 1, MaxFailures: Limit{Percent: tt.percent}}, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
			if tt.fails(j.Index) {
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
				err := Run(ctx, Spec{Slots: 3, MaxFailures: Limit{Count: 1}, Soon: name == "soon"}, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
					time.Sleep(3 * time.Second)
					if j.Index == 2 && want == ErrFailures {
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

// TestCancelled: jobs of a run that has ended before it began do not run.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src, l := &source{jobs: 3}, newLedger()
	err := Run(ctx, Spec{Slots: 2}, src.all, runFunc(func(context.Context, job.Job) job.Status {
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
		err := Run(t.Context(), Spec{Slots: 9}, src.all, runFunc(func(ctx context.Context, _ job.Job) job.Status {
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

// empty is a pool that has no workers yet, and never will.
type empty struct{}

func (empty) Submit(*job.Attempt) {}
func (empty) Cancel(*job.Attempt) {}
func (empty) Halt()               {}
func (empty) Stop()               {}
func (empty) Depth() int          { return 0 }
func (empty) Busy() int           { return 0 }
func (empty) Settle()             {}
func (empty) OnGrowth(func())     {}

// TestNoWorkers: a run that is given up before there is any worker ends.
func TestNoWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cause := errors.New("there is no cluster")
		time.AfterFunc(time.Second, func() { cancel(cause) })
		src := &source{jobs: 3}
		led := newLedger()
		if err := RunPool(ctx, Spec{Slots: 4}, src.all, empty{}, led); !errors.Is(err, cause) {
			t.Errorf("%v", err)
		}
	})
}
