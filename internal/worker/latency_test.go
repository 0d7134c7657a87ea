package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/schedule"
	"fanout/internal/worker"
)

// distant launches workers whose bytes take a while.
type distant struct{ latency, takes time.Duration }

func (d *distant) Launch(_ context.Context, number int, _ string) (worker.Link, error) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, kill := context.WithCancelCause(context.Background())
	l := &wire{from: outR, to: newDelay(inW, d.latency), kill: kill, ended: make(chan struct{})}
	back := newDelay(outW, d.latency)
	context.AfterFunc(ctx, func() { inR.CloseWithError(io.ErrClosedPipe) })
	go func() {
		defer close(l.ended)
		l.err = worker.Serve(ctx, inR, back, worker.Hello{Host: fmt.Sprint("n", number), Pid: number, CPUs: 1}, func(worker.Setup) (worker.Host, error) {
			return sleeper{takes: d.takes}, nil
		})
		kill(nil)
		back.Close()
	}()
	return l, nil
}

type wire struct {
	from  *io.PipeReader
	to    *delay
	kill  context.CancelCauseFunc
	ended chan struct{}
	err   error
}

func (l *wire) Read(b []byte) (int, error)  { return l.from.Read(b) }
func (l *wire) Write(b []byte) (int, error) { return l.to.Write(b) }
func (l *wire) Close() error                { return l.to.Close() }
func (l *wire) Dismiss()                    {}
func (l *wire) Kill()                       { l.kill(errors.New("killed")) }
func (l *wire) Lossless() bool              { return true }

func (l *wire) Wait() error {
	<-l.ended
	l.from.Close()
	return l.err
}

// delay is a Writer whose bytes arrive later.
type delay struct {
	w     io.WriteCloser
	by    time.Duration
	mu    sync.Mutex
	queue []late
	more  *sync.Cond
	over  bool
}

type late struct {
	b  []byte
	at time.Time
}

func newDelay(w io.WriteCloser, by time.Duration) *delay {
	d := &delay{w: w, by: by}
	d.more = sync.NewCond(&d.mu)
	go d.pass()
	return d
}

func (d *delay) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return 0, io.ErrClosedPipe
	}
	d.queue = append(d.queue, late{bytes.Clone(b), time.Now().Add(d.by)})
	d.more.Signal()
	return len(b), nil
}

func (d *delay) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	d.more.Signal()
	return nil
}

func (d *delay) pass() {
	defer d.w.Close()
	for {
		d.mu.Lock()
		for len(d.queue) == 0 && !d.over {
			d.more.Wait()
		}
		if len(d.queue) == 0 {
			d.mu.Unlock()
			return
		}
		next := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()
		time.Sleep(time.Until(next.at))
		d.w.Write(next.b)
	}
}

// sleeper is a Host whose jobs take their time, and nothing else.
type sleeper struct{ takes time.Duration }

func (h sleeper) Run(ctx context.Context, j job.Job, out job.Output) job.Status {
	time.Sleep(h.takes)
	return job.Status{}
}
func (sleeper) Free() bool     { return false }
func (sleeper) EndLeftovers()  {}
func (sleeper) Leftovers() int { return 0 }
func (sleeper) KillNow()       {}
func (sleeper) Suspend()       {}
func (sleeper) Resume()        {}
func (sleeper) Close()         {}

// counter is a Collector that only counts.
type counter struct {
	mu       sync.Mutex
	ok, rest int
}

func (*counter) Await(job.Job)                 {}
func (*counter) Start(job.Job) job.Output      { return job.Output{Stdout: io.Discard, Stderr: io.Discard} }
func (*counter) Retry(job.Job, job.Status)     {}
func (*counter) Begun(job.Job)                 {}
func (*counter) Ended(job.Job)                 {}
func (*counter) Unstart(job.Job)               {}
func (c *counter) Abandon(job.Job, job.Status) {}
func (c *counter) Done(_ job.Job, st job.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st.OK() {
		c.ok++
	} else {
		c.rest++
	}
}

// TestLatency has workers that are far away be busy nearly all the time, though each answer
// takes as long as a job: what they run next is with them before they need it.
func TestLatency(t *testing.T) {
	jobs := 1_000_000
	if raceEnabled || testing.Short() {
		jobs = 100_000 // which takes as long as all of them without the race detector
	}
	const workers, takes = 200, 100 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		starter := &worker.Starter{
			Launcher: &distant{latency: 50 * time.Millisecond, takes: takes},
			Requeues: true,
			Setup:    worker.Setup{Remote: &worker.Remote{Silence: time.Minute}},
			Patience: worker.Patience{Beat: 5 * time.Second, Missed: 6, Leave: 3 * time.Second},
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		const ahead = 64
		spec := pool.Spec{Growing: true, Ahead: ahead}
		p := pool.New(spec, starter, cancel)
		p.Offer([]pool.Host{{Workers: workers, Threads: 1}})
		all := func(ctx context.Context) iter.Seq2[job.Job, error] {
			return func(yield func(job.Job, error) bool) {
				items := []job.Item{{Seq: 1, Fields: []string{"item"}}}
				for n := range jobs {
					if !yield(job.Job{Index: int64(n + 1), Attempt: 1, Items: items}, nil) {
						return
					}
				}
			}
		}
		c := &counter{}
		began := time.Now()
		err := schedule.RunPool(ctx, schedule.Spec{Slots: spec.Most()}, all, p, c)
		took := time.Since(began)
		p.Close()
		if err != nil || c.ok != jobs {
			t.Fatalf("%d of %d jobs succeeded, %d did not: %v", c.ok, jobs, c.rest, err)
		}
		busy := float64(jobs) * takes.Seconds() / (workers * took.Seconds())
		t.Logf("%d jobs in %v: %.1f %% of the slots were busy", jobs, took, 100*busy)
		if busy < 0.95 {
			t.Errorf("%.1f %% of the slots were busy", 100*busy)
		}
	})
}
