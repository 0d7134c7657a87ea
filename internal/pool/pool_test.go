package pool_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
)

// shortLived starts workers of which the first have gone before Start returns.
type shortLived struct {
	dead  int // how many
	begun int
}

func (s *shortLived) Start(w *pool.Worker) (pool.Client, error) {
	s.begun++
	if s.begun <= s.dead {
		w.Gone(errors.New("exit 9"))
		return noWorker{}, nil
	}
	return &instant{worker: w}, nil
}

// noWorker is one that is there no more.
type noWorker struct{}

func (noWorker) Flush()            {}
func (noWorker) FlushSoon()        {}
func (noWorker) Send(*pool.Task)   { panic("a job for a worker that has gone") }
func (noWorker) Recall(*pool.Task) {}
func (noWorker) Cancel(*pool.Task) {}
func (noWorker) Stop()             {}
func (noWorker) Dismiss()          {}
func (noWorker) KillNow()          {}
func (noWorker) Settle()           {}

// instant is a worker whose jobs end at once.
type instant struct {
	noWorker
	worker *pool.Worker
}

func (w *instant) Send(t *pool.Task) { go w.worker.Done(t, job.Status{}) }
func (w *instant) Dismiss()          { go w.worker.Gone(nil) }

type owner struct{ done chan job.Status }

func (owner) Begun(*job.Attempt)                   {}
func (owner) Ended(*job.Attempt)                   {}
func (o owner) Done(_ *job.Attempt, st job.Status) { o.done <- st }

// TestGoneBeforeStart checks that a job gets another worker when the one that was started for it has gone before the
// Pool had it: there was a moment in which nobody looked after the job.
func TestGoneBeforeStart(t *testing.T) {
	s := &shortLived{dead: 3}
	p := pool.New(pool.Spec{Hosts: []pool.Host{{Workers: 1, Threads: 1}}}, s, func(err error) { t.Error(err) })
	o := owner{make(chan job.Status, 1)}
	p.Submit(&job.Attempt{Job: job.Job{Index: 1, Attempt: 1}, Owner: o})
	select {
	case st := <-o.done:
		if !st.OK() {
			t.Error(st)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody runs the job")
	}
	p.Close()
	if s.begun != 4 {
		t.Errorf("%d workers were started", s.begun)
	}
}

// steady is a worker that ends its jobs when it is told to.
type steady struct {
	noWorker
	worker *pool.Worker
	jobs   chan func() // each of which ends one
	gone   sync.Once
}

func (w *steady) Send(t *pool.Task) { w.jobs <- func() { w.worker.Done(t, job.Status{}) } }
func (w *steady) Dismiss()          { w.gone.Do(func() { go w.worker.Gone(nil) }) }

type steadies struct{ jobs chan func() }

func (s steadies) Start(w *pool.Worker) (pool.Client, error) {
	return &steady{worker: w, jobs: s.jobs}, nil
}

// TestHostComesBack takes a host away while it runs a job and offers it again: it gets jobs again.
func TestHostComesBack(t *testing.T) {
	s := steadies{jobs: make(chan func(), 2)}
	p := pool.New(pool.Spec{Growing: true}, s, func(err error) { t.Error(err) })
	host := []pool.Host{{Name: "n1", Workers: 1, Threads: 1}}
	p.Offer(host)
	o := owner{make(chan job.Status, 2)}
	p.Submit(&job.Attempt{Job: job.Job{Index: 1, Attempt: 1}, Owner: o})
	first := <-s.jobs
	p.Offer(nil)
	p.Offer(host)
	p.Submit(&job.Attempt{Job: job.Job{Index: 2, Attempt: 1}, Owner: o})
	select {
	case second := <-s.jobs:
		for _, end := range []func(){first, second} {
			end()
			<-o.done
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody runs the second job")
	}
	p.Close()
}
