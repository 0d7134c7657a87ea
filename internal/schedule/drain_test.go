package schedule

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

// items gives each job of a source an item, so that items can be counted.
func (s *source) items(ctx context.Context) iter.Seq2[job.Job, error] {
	return func(yield func(job.Job, error) bool) {
		for j, err := range s.all(ctx) {
			j.Items = []job.Item{{Seq: j.Index}}
			if !yield(j, err) {
				return
			}
		}
	}
}

// TestDrain: jobs that run when a drain is asked for finish, no more start, and all items that are left are counted.
func TestDrain(t *testing.T) {
	broken := errors.New("broken")
	forever := func() {}
	for name, tt := range map[string]struct {
		spec  Spec
		src   source
		at    time.Duration // of the drain
		began int64
		takes time.Duration // the run, in all
		want  error
	}{
		"some left":         {Spec{Slots: 3}, source{jobs: 100}, 1500 * time.Millisecond, 6, 2 * time.Second, &Drained{Left: 94}},
		"one left":          {Spec{Slots: 1}, source{jobs: 2}, 500 * time.Millisecond, 1, time.Second, &Drained{Left: 1}},
		"none left":         {Spec{Slots: 3}, source{jobs: 3}, 500 * time.Millisecond, 3, time.Second, nil},
		"waits for input":   {Spec{Slots: 3}, source{jobs: 2, blocked: forever}, 500 * time.Millisecond, 2, 2 * time.Second, &Drained{More: true}},
		"no end of input":   {Spec{Slots: 2}, source{jobs: 5, blocked: forever}, 500 * time.Millisecond, 2, 2 * time.Second, &Drained{Left: 3, More: true}},
		"broken input":      {Spec{Slots: 2}, source{jobs: 5, err: broken}, 500 * time.Millisecond, 2, time.Second, broken},
		"waits for a delay": {Spec{Slots: 2, Delay: time.Hour}, source{jobs: 5}, 500 * time.Millisecond, 1, time.Second, &Drained{Left: 4}},
		"after the end":     {Spec{Slots: 2}, source{jobs: 2}, time.Hour, 2, time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := make(chan struct{})
				defer time.AfterFunc(tt.at, func() { close(asked) }).Stop()
				tt.spec.Drain = asked
				l, began := newLedger(), time.Now()
				run := int64(0)
				err := Run(t.Context(), tt.spec, tt.src.items, runFunc(func(ctx context.Context, j job.Job) job.Status {
					l.mu.Lock()
					run++
					l.mu.Unlock()
					time.Sleep(time.Second)
					if ctx.Err() != nil {
						t.Errorf("job %d was interrupted", j.Index)
					}
					return ok
				}), l)
				var got, want *Drained
				if errors.As(tt.want, &want) {
					if !errors.As(err, &got) || *got != *want {
						t.Errorf("%v, want %v", err, want)
					}
				} else if err != tt.want {
					t.Errorf("%v, want %v", err, tt.want)
				}
				if took := time.Since(began); run != tt.began || took.Round(100*time.Millisecond) != tt.takes {
					t.Errorf("%d jobs ran in %v, want %d in %v", run, took, tt.began, tt.takes)
				}
				l.check(t, int64(len(l.starts)), tt.spec.Slots)
			})
		})
	}
}

// TestDrainRetries: a job that waits to be retried has failed, and its items are not left.
func TestDrainRetries(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			asked := make(chan struct{})
			defer time.AfterFunc(3500*time.Millisecond, func() { close(asked) }).Stop()
			src, l := &source{jobs: 10}, newLedger()
			spec := Spec{Slots: 2, Retries: 9, RetryDelay: delay, Drain: asked}
			err := Run(t.Context(), spec, src.items, runFunc(func(context.Context, job.Job) job.Status {
				time.Sleep(time.Second)
				return bad
			}), l)
			var got *Drained
			if !errors.As(err, &got) || got.More || int(got.Left)+len(l.dones) != 10 {
				t.Errorf("%v, and %d jobs done", err, len(l.dones))
			}
			l.check(t, int64(len(l.starts)), spec.Slots)
		})
	}
}

// TestDrainAndStop: a signal ends a drain.
func TestDrainAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		outside := errors.New("outside")
		asked := make(chan struct{})
		close(asked)
		defer time.AfterFunc(time.Second, func() { cancel(outside) }).Stop()
		src, l := &source{jobs: 2, blocked: func() {}}, newLedger()
		began := time.Now()
		err := Run(ctx, Spec{Slots: 2, Drain: asked}, src.items, runFunc(func(ctx context.Context, _ job.Job) job.Status {
			<-ctx.Done()
			return job.Status{Outcome: job.Stopped}
		}), l)
		if len(l.starts) > 0 && (err != outside || time.Since(began) != time.Second) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		l.check(t, int64(len(l.starts)), 2)
	})
}
