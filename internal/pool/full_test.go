package pool_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
)

// fullMachine has room for so many workers, of which each job takes a minute.
type fullMachine struct {
	room    int64
	present atomic.Int64
	refused atomic.Int64
}

func (f *fullMachine) Start(w *pool.Worker) (pool.Client, error) {
	if f.present.Add(1) > f.room {
		f.present.Add(-1)
		f.refused.Add(1)
		return nil, fmt.Errorf("starting worker %d: %w", w.Number, syscall.EAGAIN)
	}
	return &slow{worker: w}, nil
}

type slow struct {
	noWorker
	worker *pool.Worker
}

func (w *slow) Send(t *pool.Task) {
	go func() {
		w.worker.Begun(t)
		time.Sleep(time.Minute)
		w.worker.Done(t, job.Status{})
	}()
}
func (w *slow) Dismiss() { go w.worker.Gone(nil) }

// TestFullMachine: workers for which there is no room have not died, while others are there.
func TestFullMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fullMachine{room: 2}
		p := pool.New(pool.Spec{Hosts: []pool.Host{{Workers: 6, Threads: 1}}}, f, func(err error) { t.Error(err) })
		o := owner{make(chan job.Status, 10)}
		began := time.Now()
		for seq := range int64(10) {
			p.Submit(&job.Attempt{Job: job.Job{Index: seq + 1, Attempt: 1}, Owner: o})
		}
		time.Sleep(time.Second)
		if running, waiting := p.Counts(); running != 2 || waiting != 8 {
			t.Errorf("%d jobs run and %d wait", running, waiting)
		}
		for range 10 {
			if st := <-o.done; !st.OK() {
				t.Error(st)
			}
		}
		p.Close()
		if took := time.Since(began); took.Round(time.Minute) != 5*time.Minute || f.refused.Load() == 0 {
			t.Errorf("%v, %d workers were refused", took, f.refused.Load())
		}
	})
}

// TestNoRoomForWorkers: without any, it is tried for some seconds.
func TestNoRoomForWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fullMachine{}
		failed := make(chan error, 1)
		p := pool.New(pool.Spec{Hosts: []pool.Host{{Workers: 2, Threads: 1}}}, f, func(err error) { failed <- err })
		o := owner{make(chan job.Status, 1)}
		began := time.Now()
		p.Submit(&job.Attempt{Job: job.Job{Index: 1, Attempt: 1}, Owner: o})
		if err := <-failed; !errors.Is(err, syscall.EAGAIN) {
			t.Error(err)
		}
		if took := time.Since(began); took < 3*time.Second || took > time.Minute {
			t.Errorf("it was given up after %v", took)
		}
		p.Halt()
		if st := <-o.done; !st.Unused {
			t.Error(st)
		}
		p.Close()
	})
}
