package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/schedule"
	"fanout/internal/worker"
)

// village launches workers on another machine, which a test can end as a signal to all processes there does.
type village struct {
	latency time.Duration
	takes   func(seq int64, attempt int) time.Duration

	mu    sync.Mutex
	kills map[int]context.CancelCauseFunc
	runs  map[int64]int
}

func (v *village) Launch(_ context.Context, number int, _ string) (worker.Link, error) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, kill := context.WithCancelCause(context.Background())
	v.mu.Lock()
	v.kills[number] = kill
	v.mu.Unlock()
	l := &wire{from: outR, to: newDelay(inW, v.latency), kill: kill, ended: make(chan struct{})}
	back := newDelay(outW, v.latency)
	context.AfterFunc(ctx, func() { inR.CloseWithError(io.ErrClosedPipe) })
	go func() {
		defer close(l.ended)
		l.err = worker.Serve(ctx, inR, back, worker.Hello{Host: "h", Pid: number, CPUs: 1}, func(worker.Setup) (worker.Host, error) {
			return villager{v: v}, nil
		})
		kill(nil)
		back.Close()
	}()
	return l, nil
}

// villager is a Host whose jobs take their time, and end well.
type villager struct {
	sleeper
	v *village
}

func (h villager) Run(ctx context.Context, j job.Job, _ job.Output) job.Status {
	h.v.mu.Lock()
	h.v.runs[j.Index]++
	h.v.mu.Unlock()
	began := time.Now()
	select {
	case <-time.After(h.v.takes(j.Index, j.Attempt)):
		return job.Status{Usage: job.Usage{Wall: time.Since(began)}}
	case <-ctx.Done():
		return job.Status{Outcome: job.Stopped}
	}
}

// ends is a Collector that remembers how jobs have ended, and when that was known.
type ends struct {
	counter
	began time.Time
	of    map[int64]job.Status
	at    map[int64]time.Duration
}

func (e *ends) Abandon(j job.Job, st job.Status) { e.Done(j, st) }

func (e *ends) Done(j job.Job, st job.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.of[j.Index], e.at[j.Index] = st, time.Since(e.began)
}

// TestRemoteSuccess: a job of a worker on another machine is done when nothing has ended its worker for a moment
// since; its slot is free at once, and a run that ends waits for no more than an answer.
func TestRemoteSuccess(t *testing.T) {
	const latency, short = 10 * time.Millisecond, 40 * time.Millisecond
	for name, tt := range map[string]struct {
		jobs    int64
		workers int
		retries int
		takes   time.Duration
		kill    time.Duration // when the first worker is ended, from the begin of the first job
		ok      int
		runs    map[int64]int // of those that do not run once
		slowest time.Duration // the run; 0: any
	}{
		"a run that ends":        {jobs: 4, workers: 4, takes: short, ok: 4, slowest: short + 10*latency},
		"slots are free at once": {jobs: 100, workers: 1, takes: short, ok: 100, slowest: 105*short + 10*latency},
		"a long job at the end":  {jobs: 1, workers: 1, takes: 4 * time.Second, ok: 1, slowest: 4*time.Second + 100*time.Millisecond + 10*latency},
		"ended just after":       {jobs: 8, workers: 1, takes: time.Second, kill: 1100 * time.Millisecond, ok: 6},
		"and tried again":        {jobs: 8, workers: 1, retries: 2, takes: time.Second, kill: 1100 * time.Millisecond, ok: 8, runs: map[int64]int{1: 2, 2: 2}},
		"ended long after":       {jobs: 8, workers: 1, takes: time.Second, kill: 1500 * time.Millisecond, ok: 7},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &village{latency: latency, kills: map[int]context.CancelCauseFunc{}, runs: map[int64]int{}}
				var first sync.Once
				v.takes = func(int64, int) time.Duration {
					first.Do(func() {
						if tt.kill > 0 {
							time.AfterFunc(tt.kill, func() { v.kills[1](errors.New("ended by SIGTERM")) })
						}
					})
					return tt.takes
				}
				e := &ends{began: time.Now(), of: map[int64]job.Status{}, at: map[int64]time.Duration{}}
				err := v.run(t, tt.jobs, tt.workers, tt.retries, e)
				took := time.Since(e.began)
				ok := 0
				for seq, st := range e.of {
					switch {
					case st.OK():
						ok++
					case st.Outcome != job.Lost || !strings.Contains(fmt.Sprint(st.Err), "ended by SIGTERM"):
						t.Errorf("job %d has ended as %v", seq, st)
					}
				}
				if err != nil || int64(len(e.of)) != tt.jobs || ok != tt.ok {
					t.Errorf("%d of %d jobs are done, %d well, not %d: %v", len(e.of), tt.jobs, ok, tt.ok, err)
				}
				for seq := range tt.jobs {
					if want := max(1, tt.runs[seq+1]); v.runs[seq+1] != want {
						t.Errorf("job %d has run %d times, not %d", seq+1, v.runs[seq+1], want)
					}
				}
				if tt.slowest > 0 && took > tt.slowest {
					t.Errorf("it took %v, more than %v", took, tt.slowest)
				}
			})
		})
	}
}

// TestRemoteSuccessWaits: it is known for a moment, and then told with the time of its end.
func TestRemoteSuccessWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &village{kills: map[int]context.CancelCauseFunc{}, runs: map[int64]int{}}
		v.takes = func(seq int64, _ int) time.Duration { return time.Duration(seq) * time.Second }
		e := &ends{began: time.Now(), of: map[int64]job.Status{}, at: map[int64]time.Duration{}}
		if err := v.run(t, 2, 2, 0, e); err != nil {
			t.Error(err)
		}
		if st := e.of[1]; !st.OK() || st.Ago != job.Doubt || e.at[1] < time.Second+job.Doubt {
			t.Errorf("a job of a second is done after %v, %v after its end", e.at[1], st.Ago)
		}
		if st := e.of[2]; !st.OK() || st.Ago != 50*time.Millisecond {
			t.Errorf("the last job, of two seconds, is done %v after its end", st.Ago)
		}
	})
}

// run lets the workers run this many jobs.
func (v *village) run(t *testing.T, jobs int64, workers, retries int, c schedule.Collector) error {
	starter := &worker.Starter{
		Launcher: v,
		Requeues: true,
		Setup:    worker.Setup{Remote: &worker.Remote{}},
		Patience: worker.Patience{Beat: 5 * time.Second, Missed: 6, Leave: 3 * time.Second},
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	spec := pool.Spec{Growing: true, Ahead: 8}
	p := pool.New(spec, starter, cancel)
	p.Offer([]pool.Host{{Workers: workers, Threads: 1}})
	all := func(ctx context.Context) iter.Seq2[job.Job, error] {
		return func(yield func(job.Job, error) bool) {
			for n := range jobs {
				if !yield(job.Job{Index: n + 1, Attempt: 1, Items: []job.Item{{Seq: n + 1, Fields: []string{"item"}}}}, nil) {
					return
				}
			}
		}
	}
	err := schedule.RunPool(ctx, schedule.Spec{Slots: spec.Most(), Retries: retries}, all, p, c)
	p.Close()
	return err
}
