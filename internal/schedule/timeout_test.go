package schedule

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

// work is a job that takes so long, and is stopped with its context.
func work(ctx context.Context, d time.Duration) job.Status {
	select {
	case <-ctx.Done():
		return job.Status{Outcome: job.Stopped}
	case <-time.After(d):
		return ok
	}
}

// TestTimeout: each job has its own timeout, from its start.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 10}, newLedger()
		began := time.Now()
		err := Run(t.Context(), Spec{Slots: 1, Timeout: 5 * time.Second}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			return work(ctx, time.Duration(j.Index)*time.Second-time.Millisecond)
		}), l)
		if took := time.Since(began).Round(time.Second); err != nil || took != (1+2+3+4+5+5*5)*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		l.check(t, 10, 1)
		for seq, st := range l.dones {
			if late := st.Outcome == job.TimedOut && st.Limit == 5*time.Second; late != (seq > 5) || st.Failed() != late {
				t.Errorf("job %d: %v", seq, st)
			}
		}
	})
}

// TestTimeoutOfOthers: a job that is stopped with the run has not timed out, even when its time is over before it has
// ended; a job that ends by itself keeps its outcome.
func TestTimeoutOfOthers(t *testing.T) {
	outside := errors.New("outside")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		time.AfterFunc(time.Second, func() { cancel(outside) })
		src, l := &source{jobs: 2}, newLedger()
		err := Run(ctx, Spec{Slots: 2, Timeout: 2 * time.Second}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			<-ctx.Done()
			time.Sleep(time.Minute) // its grace
			if j.Index == 1 {
				return bad
			}
			return job.Status{Outcome: job.Stopped}
		}), l)
		if err != outside {
			t.Error(err)
		}
		l.check(t, 2, 2)
		if l.dones[1] != bad || l.dones[2].Outcome != job.Stopped {
			t.Errorf("%v, %v", l.dones[1], l.dones[2])
		}
	})
}

// TestTimeoutPaused: a paused clock gives jobs all the time of the pause.
func TestTimeoutPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &Clock{}
		clock.Pause() // before there are jobs
		time.AfterFunc(time.Minute, clock.Resume)
		src, l := &source{jobs: 2}, newLedger()
		began := time.Now()
		err := Run(t.Context(), Spec{Slots: 2, Timeout: 2 * time.Second, Clock: clock}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			return work(ctx, time.Duration(j.Index)*61*time.Second)
		}), l)
		if took := time.Since(began); err != nil || took != 62*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if !l.dones[1].OK() || l.dones[2].Outcome != job.TimedOut {
			t.Errorf("%v, %v", l.dones[1], l.dones[2])
		}
	})
}

// TestDeadline: it ends a run that was not done, and has no effect on one that was.
func TestDeadline(t *testing.T) {
	for _, tt := range []struct {
		name    string
		jobs    int64
		blocked bool // the input stays open
		spec    Spec
		end     time.Duration // when the deadline is
		takes   time.Duration
		status  job.Status
		late    bool
	}{
		{"jobs run", 3, false, Spec{Slots: 1}, 90 * time.Second, time.Minute, ok, true},
		{"the last runs", 2, false, Spec{Slots: 1}, 90 * time.Second, time.Minute, ok, true},
		{"waits for input", 1, true, Spec{Slots: 1}, 90 * time.Second, time.Minute, ok, true},
		{"waits for a retry", 1, false, Spec{Slots: 1, Retries: 1, RetryDelay: time.Hour}, 90 * time.Second, time.Minute, bad, true},
		{"done before", 1, false, Spec{Slots: 1}, 90 * time.Second, time.Minute, ok, false},
		{"no time left", 3, false, Spec{Slots: 1}, 0, time.Minute, ok, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				alarm := time.AfterFunc(tt.end, func() { cancel(fmt.Errorf("late: %w", ErrDeadline)) })
				defer alarm.Stop()
				if tt.end == 0 {
					<-ctx.Done()
				}
				src, l := &source{jobs: tt.jobs}, newLedger()
				if tt.blocked {
					src.blocked = func() {}
				}
				err := Run(ctx, tt.spec, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
					if st := work(ctx, tt.takes); !st.OK() {
						return st
					}
					return tt.status
				}), l)
				if late := errors.Is(err, ErrDeadline); late != tt.late || err != nil && !late {
					t.Error(err)
				}
				l.check(t, src.pulled, 1)
			})
		})
	}
}

// TestDeadlineTooLate: a deadline between the end of the last job and that of the run has no effect.
func TestDeadlineTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		src, l := &source{jobs: 5}, newLedger()
		err := Run(ctx, Spec{Slots: 2}, src.all, runFunc(func(ctx context.Context, j job.Job) job.Status {
			return work(ctx, time.Duration(j.Index)*time.Second)
		}), lastCall{l, func(j job.Job) {
			if j.Index == src.jobs {
				cancel(ErrDeadline)
			}
		}})
		if err != nil {
			t.Error(err)
		}
		l.check(t, 5, 2)
	})
}

// lastCall is a ledger that calls a function when a job is done.
type lastCall struct {
	*ledger
	call func(j job.Job)
}

func (c lastCall) Done(j job.Job, st job.Status) {
	c.ledger.Done(j, st)
	c.call(j)
}
