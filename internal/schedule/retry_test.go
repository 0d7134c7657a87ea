package schedule

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

// TestRetries: a job is tried until it succeeds or its attempts are used up.
func TestRetries(t *testing.T) {
	for _, workers := range []int{1, 3, 64} {
		for _, delay := range []time.Duration{0, time.Second} {
			synctest.Test(t, func(t *testing.T) {
				src, l := &source{jobs: 100}, newLedger()
				spec := Spec{Slots: workers, Retries: 3, RetryDelay: delay}
				err := Run(t.Context(), spec, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
					time.Sleep(time.Second)
					if int64(j.Attempt) <= j.Index%6 {
						return job.Status{Code: j.Attempt}
					}
					return ok
				}), l)
				if err != nil {
					t.Error(err)
				}
				l.check(t, 100, workers)
				for seq, st := range l.dones {
					wantAttempts, want := int(seq%6)+1, ok
					if wantAttempts > 4 {
						wantAttempts, want = 4, job.Status{Code: 4}
					}
					if l.attempts[seq] != wantAttempts || st != want {
						t.Errorf("job %d: %v after %d attempts, want %v after %d", seq, st, l.attempts[seq], want, wantAttempts)
					}
				}
			})
		}
	}
}

// TestNotRetried: a job is not retried that cannot succeed, or did not fail.
func TestNotRetried(t *testing.T) {
	for _, tt := range []struct {
		status   job.Status
		attempts int
	}{
		{ok, 1},
		{job.Status{Outcome: job.NotFound}, 1},
		{job.Status{Outcome: job.NotExecutable}, 1},
		{job.Status{Outcome: job.Stopped}, 1},
		{bad, 3},
		{job.Status{Outcome: job.Signaled}, 3},
		{job.Status{Outcome: job.NotStarted}, 3},
		{job.Status{Outcome: job.Lost}, 3},
	} {
		src, l := &source{jobs: 1}, newLedger()
		Run(t.Context(), Spec{Slots: 1, Retries: 2}, src.all, runFunc(func(context.Context, job.Job) job.Status { return tt.status }), l)
		if l.check(t, 1, 1); l.attempts[1] != tt.attempts {
			t.Errorf("%v: %d attempts", tt.status, l.attempts[1])
		}
	}
}

// TestTimeoutRetried: each attempt has the whole time.
func TestTimeoutRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 1}, newLedger()
		began := time.Now()
		spec := Spec{Slots: 1, Retries: 2, Timeout: time.Minute}
		err := Run(t.Context(), spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			if j.Attempt == 3 {
				return work(ctx, 59*time.Second)
			}
			return work(ctx, time.Hour)
		}), l)
		if took := time.Since(began); err != nil || took != 179*time.Second || l.attempts[1] != 3 || !l.dones[1].OK() {
			t.Errorf("%v after %v: %v", err, took, l.dones[1])
		}
	})
}

// TestPauseBefore: pauses double up to a minute, a quarter more or less.
func TestPauseBefore(t *testing.T) {
	for _, tt := range []struct {
		delay   time.Duration
		attempt int
		want    time.Duration
	}{
		{0, 2, 0}, {0, 9, 0},
		{time.Second, 2, time.Second}, {time.Second, 3, 2 * time.Second}, {time.Second, 6, 16 * time.Second},
		{time.Second, 7, 32 * time.Second}, {time.Second, 8, time.Minute}, {time.Second, 1000, time.Minute},
		{time.Hour, 2, time.Hour}, {time.Hour, 7, time.Hour}, {1, 2, 1}, {100, 3, 200},
	} {
		least, most := tt.want*2, time.Duration(0)
		for range 1000 {
			got := (&Spec{RetryDelay: tt.delay}).pauseBefore(tt.attempt)
			least, most = min(least, got), max(most, got)
		}
		highest := min(tt.want*5/4, max(tt.delay, time.Minute))
		if least < tt.want*3/4 || most > highest || tt.want > 50 && (least > tt.want*4/5 || most < highest*24/25) {
			t.Errorf("%v before attempt %d: %v to %v", tt.delay, tt.attempt, least, most)
		}
	}
}

// TestRetryDelay: a job waits for its attempts without a slot, and in a pause of the
// clock for longer.
func TestRetryDelay(t *testing.T) {
	for _, paused := range []time.Duration{0, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			clock := &Clock{}
			src, l := &source{jobs: 10}, newLedger()
			began := time.Now()
			var at []time.Duration
			spec := Spec{Slots: 1, Retries: 2, RetryDelay: 20 * time.Second, Clock: clock}
			err := Run(t.Context(), spec, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
				if j.Index > 1 {
					time.Sleep(time.Second) // all others are done before the second attempt
					return ok
				}
				if at = append(at, time.Since(began)); len(at) == 2 && paused > 0 {
					clock.Pause()
					time.AfterFunc(paused, clock.Resume)
				}
				return bad
			}), l)
			if err != nil || len(at) != 3 {
				t.Fatalf("%v, %d attempts", err, len(at))
			}
			l.check(t, 10, 1)
			for i, want := range []time.Duration{20 * time.Second, 40*time.Second + paused} {
				if got := at[i+1] - at[i]; got < want-want/4 && i == 0 || got < paused+30*time.Second && i == 1 || got > want+want/4 {
					t.Errorf("%v between attempt %d and the next, want about %v", got, i+1, want)
				}
			}
		})
	}
}

// TestRetryFirst: a retry that is due has the next slot, before more items.
func TestRetryFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 3}, newLedger()
		var order []int64
		err := Run(t.Context(), Spec{Slots: 1, Retries: 2}, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
			order = append(order, j.Index)
			return bad
		}), l)
		if want := []int64{1, 1, 1, 2, 2, 2, 3, 3, 3}; err != nil || !slices.Equal(order, want) {
			t.Errorf("%v, %v", err, order)
		}
	})
}

// TestRetryWhileInputWaits: a retry does not need a slot that waits for input. The
// source here has no more items before the last attempt.
func TestRetryWhileInputWaits(t *testing.T) {
	for _, workers := range []int{1, 4} {
		l := newLedger()
		ended := make(chan struct{})
		slow := func(context.Context) iter.Seq2[job.Job, error] {
			return func(yield func(job.Job, error) bool) {
				if yield(job.Job{Index: 1, Attempt: 1}, nil) {
					<-ended
				}
			}
		}
		spec := Spec{Slots: workers, Retries: 3, RetryDelay: time.Millisecond}
		err := Run(t.Context(), spec, slow, runFunc(func(_ context.Context, j job.Job) job.Status {
			if j.Slot != 1 {
				t.Errorf("slot %d", j.Slot)
			}
			if j.Attempt < 4 {
				return bad
			}
			close(ended)
			return ok
		}), l)
		if err != nil {
			t.Error(err)
		}
		l.check(t, 1, workers)
	}
}

// TestRetryWithoutRoom: a retry gets a slot while jobs wait for room, since only its end may make that room.
func TestRetryWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 20}, newLedger()
		ended := make(chan struct{})
		l.noRoom = func(j job.Job) {
			if j.Index > 1 {
				<-ended
			}
		}
		spec := Spec{Slots: 4, Retries: 2, RetryDelay: time.Second}
		err := Run(t.Context(), spec, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
			if j.Index > 1 {
				return ok
			}
			if j.Attempt < 3 {
				return bad
			}
			close(ended)
			return ok
		}), l)
		if err != nil {
			t.Error(err)
		}
		l.check(t, 20, 4)
	})
}

// TestManyRetries: no more retries wait than are allowed, and none is lost.
func TestManyRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: pendingMax + 1000}, newLedger()
		began := time.Now()
		spec := Spec{Slots: 1, Retries: 1, RetryDelay: time.Minute}
		waiting, most := 0, 0
		err := Run(t.Context(), spec, src.all, runFunc(func(_ context.Context, j job.Job) job.Status {
			if j.Attempt == 1 {
				waiting++
			} else {
				waiting--
			}
			most = max(most, waiting)
			return bad
		}), l)
		if err != nil || most < pendingMax || most > pendingMax+spec.Slots || time.Since(began) < time.Minute {
			t.Errorf("%v after %v, %d waited", err, time.Since(began), most)
		}
		l.check(t, src.jobs, 1)
	})
}

// TestRetriesPaced: attempts count as starts.
func TestRetriesPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 5}, newLedger()
		began := time.Now()
		var at []time.Duration
		err := Run(t.Context(), Spec{Slots: 1, Retries: 1, Delay: time.Second}, src.all, runFunc(func(context.Context, job.Job) job.Status {
			at = append(at, time.Since(began))
			return bad
		}), l)
		if err != nil || len(at) != 10 {
			t.Fatal(err, at)
		}
		for i, d := range at {
			if want := time.Duration(i) * time.Second; (d - want).Abs() > time.Microsecond {
				t.Errorf("attempt %d began at %v", i+1, d)
			}
		}
	})
}

// TestRetriesStopped: only a final failure counts, and after the stop no attempt begins: a job that waits to be retried
// has failed.
func TestRetriesStopped(t *testing.T) {
	outside := errors.New("outside")
	for name, tt := range map[string]struct {
		spec Spec
		want error
	}{
		"now":     {Spec{Slots: 3, MaxFailures: Limit{Count: 1}}, ErrFailures},
		"soon":    {Spec{Slots: 3, MaxFailures: Limit{Count: 1}, Soon: true}, ErrFailures},
		"outside": {Spec{Slots: 3}, outside},
	} {
		for _, delay := range []time.Duration{0, 10 * time.Minute} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					if tt.want == outside {
						defer time.AfterFunc(10*time.Second, func() { cancel(outside) }).Stop()
					}
					tt.spec.Retries, tt.spec.RetryDelay = 1000, delay
					src, l := &source{jobs: 50}, newLedger()
					began := time.Now()
					err := Run(ctx, tt.spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
						if time.Since(began) > 10*time.Second {
							t.Errorf("attempt %d of job %d began after the stop", j.Attempt, j.Index)
						}
						if j.Index == 3 {
							time.Sleep(10 * time.Second)
							return job.Status{Outcome: job.NotFound}
						}
						if st := work(ctx, 3*time.Second); !st.OK() {
							return st
						}
						return bad
					}), l)
					if err != tt.want {
						t.Error(err)
					}
					l.check(t, src.pulled, 3)
					if n := l.count(job.NotFound); n != 1 {
						t.Errorf("%d jobs were not found", n)
					}
					failed := l.count(job.Exited)
					if delay > 0 && failed < 4 || delay == 0 && tt.spec.Soon && failed != 2 {
						t.Errorf("%d jobs have failed", failed)
					}
				})
			})
		}
	}
}

// TestRetryInvariant: whatever happens, the books are right.
func TestRetryInvariant(t *testing.T) {
	outside := errors.New("outside")
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		ctx, cancel := context.WithCancelCause(t.Context())
		clock := &Clock{}
		spec := Spec{
			Slots: 1 + rnd.IntN(8), Retries: 1 + rnd.IntN(3), Soon: rnd.IntN(2) == 0, Clock: clock,
			RetryDelay: time.Duration(rnd.IntN(2)*rnd.IntN(300)) * time.Microsecond,
			Timeout:    time.Duration(rnd.IntN(2)*(1+rnd.IntN(200))) * time.Microsecond,
		}
		if rnd.IntN(2) == 0 {
			spec.MaxFailures = Limit{Count: 1 + rnd.Int64N(9)}
		}
		src := &source{jobs: rnd.Int64N(60)}
		cancelAt := int64(-1)
		if rnd.IntN(3) == 0 {
			cancelAt = rnd.Int64N(60)
		}
		luck := make([]int, src.jobs+1)
		for i := range luck {
			luck[i] = rnd.IntN(6)
		}
		l := newLedger()
		err := Run(ctx, spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			for range luck[j.Index] {
				runtime.Gosched()
			}
			switch {
			case j.Index == cancelAt:
				cancel(outside)
			case luck[j.Index] == 5:
				clock.Pause()
				clock.Resume()
			}
			switch {
			case ctx.Err() != nil:
				return job.Status{Outcome: job.Stopped}
			case j.Attempt <= luck[j.Index]:
				return bad
			default:
				return ok
			}
		}), l)
		cancel(nil)
		l.check(t, src.pulled, spec.Slots)
		switch {
		case err == nil && src.pulled == src.jobs:
		case err == outside && cancelAt > 0, err == ErrFailures && spec.MaxFailures.Count > 0:
		default:
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
