package run

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is an Activity that moves now and then, or never.
type stuck struct {
	moved   atomic.Int64
	aborted atomic.Bool
	abort   func()
}

func (s *stuck) Waits() []string { return []string{"a reader", "a process"} }
func (s *stuck) Moved() int64    { return s.moved.Load() }
func (s *stuck) Abort() {
	s.aborted.Store(true)
	if s.abort != nil {
		s.abort()
	}
}

func TestResort(t *testing.T) {
	stop := errors.New("a stop")
	for name, tt := range map[string]struct {
		grace, extra time.Duration
		during       func(r *Resort, a *stuck) // what happens from the stop on
		said, ended  time.Duration             // after the stop; 0: never
	}{
		"nothing moves":   {5 * time.Second, 0, func(*Resort, *stuck) {}, 7 * time.Second, 8 * time.Second},
		"no grace":        {0, 0, func(*Resort, *stuck) {}, 2 * time.Second, 3 * time.Second},
		"a long grace":    {time.Minute, 0, func(*Resort, *stuck) {}, 62 * time.Second, 63 * time.Second},
		"other machines":  {5 * time.Second, 30 * time.Second, func(*Resort, *stuck) {}, 7 * time.Second, 38 * time.Second},
		"it ends in time": {5 * time.Second, 0, func(r *Resort, _ *stuck) { time.Sleep(6900 * time.Millisecond); r.Close() }, 0, 0},
		"it ends when it is aborted": {5 * time.Second, 0, func(r *Resort, a *stuck) {
			time.Sleep(7500 * time.Millisecond)
			r.Close()
		}, 7 * time.Second, 0},
		"a second signal": {time.Minute, 0, func(r *Resort, _ *stuck) { time.Sleep(10 * time.Second); r.Hurry() }, 12 * time.Second, 13 * time.Second},
		"it still moves": {time.Second, 0, func(_ *Resort, a *stuck) {
			for range 50 { // five seconds
				time.Sleep(100 * time.Millisecond)
				a.moved.Add(1)
			}
		}, 6 * time.Second, 7 * time.Second},
		"it moves for ever": {time.Second, 0, func(_ *Resort, a *stuck) {
			for range 300 {
				time.Sleep(100 * time.Millisecond)
				a.moved.Add(1)
			}
		}, 13 * time.Second, 14 * time.Second},
		"it is suspended": {5 * time.Second, 0, func(r *Resort, _ *stuck) {
			time.Sleep(time.Second)
			r.Pause()
			time.Sleep(time.Hour)
			r.Resume()
		}, time.Hour + 7*time.Second, time.Hour + 8*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said, ended time.Duration
				var began time.Time
				r := NewResort(func(text string) {
					said = time.Since(began)
					if text != "still waiting for: a reader; a process" {
						t.Errorf("it says %q", text)
					}
				}, func(cause error) {
					ended = time.Since(began)
					if cause != stop {
						t.Errorf("the cause is %v", cause)
					}
				})
				r.Allow(tt.grace, tt.extra)
				a := &stuck{}
				defer r.Watch(a)()
				time.Sleep(time.Hour) // nothing comes before a stop
				began = time.Now()
				r.Stop(stop)
				r.Stop(errors.New("another"))
				tt.during(r, a)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				const exact = 150 * time.Millisecond
				if (said-tt.said).Abs() > exact || (ended-tt.ended).Abs() > exact {
					t.Errorf("it says so after %v and ends after %v, want %v and %v", said, ended, tt.said, tt.ended)
				}
				if a.aborted.Load() != (tt.said > 0) {
					t.Errorf("aborted: %t", a.aborted.Load())
				}
			})
		})
	}
}

// TestStuckResort: what is asked or ended by the last resort may be stuck itself.
func TestStuckResort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ended := make(chan struct{})
		r := NewResort(func(string) { <-release }, func(error) { close(ended) })
		a := &stuck{abort: func() { <-release }}
		defer r.Watch(a)()
		began := time.Now()
		r.Stop(errors.New("a stop"))
		<-ended
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("after %v", took)
		}
		close(release)
	})
}
