package schedule

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

var errFull = errors.New("full")

// crowded is an executor that has room for a number of jobs at a time, which take a while.
type crowded struct {
	room    atomic.Int64 // how many
	running atomic.Int64
	most    atomic.Int64
	refused atomic.Int64
	takes   time.Duration
}

func (c *crowded) Run(ctx context.Context, _ job.Job, _ job.Output) job.Status {
	defer c.running.Add(-1)
	n := c.running.Add(1)
	if n > c.room.Load() {
		c.refused.Add(1)
		return job.Status{Outcome: job.NotStarted, NoRoom: true, Err: errFull}
	}
	c.most.Store(max(c.most.Load(), n))
	return work(ctx, c.takes)
}

// TestShortage: where there is room for fewer jobs than there are slots, fewer run, and none is
// lost or charged for the wait.
func TestShortage(t *testing.T) {
	for _, room := range []int64{1, 3, 7} {
		synctest.Test(t, func(t *testing.T) {
			src, l := &source{jobs: 40}, newLedger()
			c := &crowded{takes: time.Minute}
			c.room.Store(room)
			told := 0
			began := time.Now()
			spec := Spec{Slots: 8, Timeout: 2 * time.Minute, NoRoom: func(err error) {
				if told++; err != errFull {
					t.Error(err)
				}
			}}
			if err := Run(t.Context(), spec, src.all, c, l); err != nil {
				t.Error(err)
			}
			l.check(t, 40, 8)
			for seq, st := range l.dones {
				if !st.OK() {
					t.Errorf("room for %d: job %d: %v", room, seq, st)
				}
			}
			least := time.Duration((40+room-1)/room) * time.Minute
			if took := time.Since(began); c.most.Load() != room || told != 1 || took < least || took > least+10*time.Second {
				t.Errorf("room for %d: %d at a time, told %d times, %v", room, c.most.Load(), told, took)
			}
		})
	}
}

// TestNoRoom: when there is no room and no job of ours runs that could make some, a job tries for a second, and is then not
// started.
func TestNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 5}, newLedger()
		c := &crowded{}
		began := time.Now()
		if err := Run(t.Context(), Spec{Slots: 2}, src.all, c, l); err != nil {
			t.Error(err)
		}
		l.check(t, 5, 2)
		for seq, st := range l.dones {
			if st.Outcome != job.NotStarted || st.Err != errFull {
				t.Errorf("job %d: %v", seq, st)
			}
		}
		if took := time.Since(began); took < time.Second || took > 10*time.Second || c.refused.Load() < 5*2 {
			t.Errorf("after %v and %d attempts", took, c.refused.Load())
		}
	})
}

// TestRoomComesBack: others may make room, too.
func TestRoomComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, l := &source{jobs: 30}, newLedger()
		c := &crowded{takes: time.Minute}
		c.room.Store(1)
		time.AfterFunc(time.Second, func() { c.room.Store(100) })
		began := time.Now()
		if err := Run(t.Context(), Spec{Slots: 10}, src.all, c, l); err != nil {
			t.Error(err)
		}
		l.check(t, 30, 10)
		if took := time.Since(began); l.dones[30] != ok || took > 5*time.Minute {
			t.Errorf("%v, after %v", l.dones[30], took)
		}
	})
}

// TestStopWithoutRoom: jobs that wait for room have not begun, and a stop reaches them.
func TestStopWithoutRoom(t *testing.T) {
	outside := errors.New("outside")
	for name, tt := range map[string]struct {
		spec Spec
		stop func(context.CancelCauseFunc)
		want error
	}{
		"cancel":   {Spec{}, func(cancel context.CancelCauseFunc) { cancel(outside) }, outside},
		"retries":  {Spec{Retries: 2}, func(cancel context.CancelCauseFunc) { cancel(outside) }, outside},
		"failures": {Spec{MaxFailures: Limit{Count: 1}, Timeout: 10 * time.Second, Soon: true}, func(context.CancelCauseFunc) {}, ErrFailures},
		"drain":    {Spec{}, nil, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if tt.stop == nil {
				drain := make(chan struct{})
				tt.spec.Drain = drain
				tt.stop = func(context.CancelCauseFunc) { close(drain) }
			}
			time.AfterFunc(10*time.Second, func() { tt.stop(cancel) })
			src, l := &source{jobs: 20}, newLedger()
			c := &crowded{takes: time.Minute}
			c.room.Store(1)
			tt.spec.Slots = 4
			err := Run(ctx, tt.spec, src.all, c, l)
			if err != tt.want { // jobs without items leave none when the run is drained
				t.Errorf("%s: %v", name, err)
			}
			l.check(t, int64(len(l.dones)), 4)
			stopped := 0
			for _, st := range l.dones {
				if st.Outcome == job.Stopped && st.Unused {
					stopped++
				}
			}
			if want := 3; stopped != want || len(l.dones) != 4 {
				t.Errorf("%s: %d of %d jobs had not begun: %v", name, stopped, len(l.dones), l.dones)
			}
		})
	}
}
