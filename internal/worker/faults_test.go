package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/schedule"
	"fanout/internal/worker"
)

// rates says how many of a thousand pieces suffer each fault.
type rates struct{ drop, truncate, delay, double, garble, kill int }

// faulty launches workers that run in this process, over connections that do harm.
type faulty struct {
	seed  uint64
	rates rates
	free  bool

	mu   sync.Mutex
	runs map[string]int // how often each attempt at each job has begun
}

// Launch is part of worker.Launcher.
func (f *faulty) Launch(_ context.Context, number int, _ string) (worker.Link, error) {
	f.mu.Lock()
	f.seed++
	random := rand.New(rand.NewPCG(f.seed, uint64(number)))
	f.mu.Unlock()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, kill := context.WithCancelCause(context.Background())
	l := &link{from: outR, ended: make(chan struct{}), kill: kill}
	die := func() { kill(errors.New("killed")) }
	l.to = newHarm(inW, random.Uint64(), 1, f.rates, die)
	back := newHarm(outW, random.Uint64(), 2, f.rates, die)
	// A dead process closes its ends.
	context.AfterFunc(ctx, func() { inR.CloseWithError(io.ErrClosedPipe) })
	go func() {
		defer close(l.ended)
		l.err = worker.Serve(ctx, inR, back, worker.Hello{Pid: number}, func(worker.Setup) (worker.Host, error) {
			return &host{f: f, random: rand.New(rand.NewPCG(random.Uint64(), 3))}, nil
		})
		kill(nil)
		back.Close()
	}()
	return l, nil
}

type link struct {
	from  *io.PipeReader
	to    *harm
	kill  context.CancelCauseFunc
	ended chan struct{}
	err   error
}

func (l *link) Read(b []byte) (int, error)  { return l.from.Read(b) }
func (l *link) Write(b []byte) (int, error) { return l.to.Write(b) }
func (l *link) Close() error                { return l.to.Close() }
func (l *link) Dismiss()                    {}
func (l *link) Kill()                       { l.kill(errors.New("killed")) }

func (l *link) Wait() error {
	<-l.ended
	l.from.Close()
	return l.err
}

func (l *link) Lossless() bool {
	return l.to.rates == rates{kill: l.to.rates.kill, delay: l.to.rates.delay}
}

// harm is a Writer that does to some pieces what bad connections do. The first piece, by
// which the sides find out about each other, is spared.
//
// It takes pieces at once, as a pipe does, and has a goroutine pass them on: who sleeps while
// others wait for his mutex would stop the time of the test.
type harm struct {
	w      io.WriteCloser
	random *rand.Rand
	rates  rates
	die    func()
	pieces int
	queue  chan []byte
	broken atomic.Bool
	mu     sync.Mutex
	closed bool
}

func (h *harm) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.queue)
	}
	return nil
}

func newHarm(w io.WriteCloser, seed, stream uint64, rates rates, die func()) *harm {
	h := &harm{w: w, random: rand.New(rand.NewPCG(seed, stream)), rates: rates, die: die, queue: make(chan []byte, 1<<16)}
	go func() {
		for b := range h.queue {
			if _, err := h.pass(b); err != nil {
				h.broken.Store(true)
			}
		}
		w.Close()
	}()
	return h
}

func (h *harm) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.broken.Load() || h.closed {
		return 0, io.ErrClosedPipe
	}
	h.queue <- bytes.Clone(b)
	return len(b), nil
}

func (h *harm) pass(b []byte) (int, error) {
	h.pieces++
	if h.pieces == 1 {
		return h.w.Write(b)
	}
	at := h.random.IntN(len(b))
	pass := func(pieces ...[]byte) (int, error) {
		for _, p := range pieces {
			if _, err := h.w.Write(p); err != nil {
				return 0, err
			}
		}
		return len(b), nil
	}
	n := h.random.IntN(1000)
	for _, fault := range []struct {
		rate int
		do   func() (int, error)
	}{
		{h.rates.drop, func() (int, error) { return len(b), nil }},
		{h.rates.truncate, func() (int, error) { return pass(b[:at]) }},
		{h.rates.double, func() (int, error) { return pass(b, b) }},
		{h.rates.delay, func() (int, error) {
			time.Sleep(time.Duration(h.random.IntN(2000)) * time.Millisecond)
			return pass(b)
		}},
		{h.rates.garble, func() (int, error) {
			bad := bytes.Clone(b)
			bad[at] ^= 1 << h.random.IntN(8)
			return pass(bad)
		}},
		{h.rates.kill, func() (int, error) {
			h.die()
			return pass(b)
		}},
	} {
		if n < fault.rate {
			return fault.do()
		}
		n -= fault.rate
	}
	return pass(b)
}

// host runs jobs that print what their item says, and take some time.
type host struct {
	f      *faulty
	mu     sync.Mutex
	random *rand.Rand
}

func (h *host) Run(ctx context.Context, j job.Job, out job.Output) job.Status {
	h.f.mu.Lock()
	h.f.runs[fmt.Sprintf("%d.%d", j.Index, j.Attempt)]++
	h.f.mu.Unlock()
	h.mu.Lock()
	pause, pieces := time.Duration(h.random.IntN(50))*time.Millisecond, 1+h.random.IntN(3)
	h.mu.Unlock()
	text := printed(j.Index)
	for i := range pieces {
		from, to := len(text)*i/pieces, len(text)*(i+1)/pieces
		if _, err := io.WriteString(out.Stdout, text[from:to]); err != nil {
			return job.Status{Outcome: job.Stopped}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return job.Status{Outcome: job.Stopped}
		}
	}
	io.WriteString(out.Stderr, j.Label())
	return job.Status{Code: code(j.Index)}
}

func (h *host) Free() bool     { return h.f.free }
func (h *host) EndLeftovers()  {}
func (h *host) Leftovers() int { return 0 }
func (h *host) KillNow()       {}
func (h *host) Suspend()       {}
func (h *host) Resume()        {}
func (h *host) Close()         {}

// printed is what job n prints: mostly little, sometimes more than may be on its way at once.
func printed(n int64) string {
	size := int(n * 7 % 50)
	if n%29 == 0 {
		size = 600 << 10
	}
	line := fmt.Sprintf("job %d ", n)
	return strings.Repeat(line, size/len(line)+1)
}

func code(n int64) int {
	if n%17 == 0 {
		return 3
	}
	return 0
}

// trial runs jobs over bad connections.
type trial struct {
	seed             uint64
	jobs             int64
	workers, threads int
	ahead, retries   int
	timeout          time.Duration
	free             bool
	remote           bool
	rates            rates
}

func (tr trial) run(t *testing.T) (b *book, err error) {
	f := &faulty{seed: tr.seed, rates: tr.rates, free: tr.free, runs: map[string]int{}}
	b = &book{now: map[int64]*[2]bytes.Buffer{}, last: map[int64]*[2]bytes.Buffer{}, done: map[int64]job.Status{}}
	starter := &worker.Starter{
		Launcher: f,
		Free:     tr.free,
		Setup:    worker.Setup{Threads: tr.threads, Cancels: tr.timeout > 0},
		Patience: worker.Patience{Beat: time.Second, Missed: 5, Leave: 3 * time.Second},
	}
	if tr.remote {
		starter.Setup.Remote = &worker.Remote{}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	spec := pool.Spec{
		Hosts: []pool.Host{{Workers: tr.workers, Threads: tr.threads}},
		Ahead: tr.ahead, Free: tr.free, BackOff: 100 * time.Millisecond,
	}
	p := pool.New(spec, starter, cancel)
	pulled := int64(0)
	jobs := func(ctx context.Context) iter.Seq2[job.Job, error] {
		return func(yield func(job.Job, error) bool) {
			for n := int64(1); n <= tr.jobs && ctx.Err() == nil; n++ {
				pulled = n
				items := []job.Item{{Seq: n, Fields: []string{fmt.Sprintf("item %d", n)}}}
				if !yield(job.Job{Index: n, Attempt: 1, Items: items}, nil) {
					return
				}
			}
		}
	}
	err = schedule.RunPool(ctx, schedule.Spec{
		Slots: spec.Most(), Retries: tr.retries, RetryDelay: 10 * time.Millisecond, Timeout: tr.timeout,
	}, jobs, p, b)
	p.Close()
	if err == nil && pulled != tr.jobs {
		b.complain("%d jobs were pulled, want %d", pulled, tr.jobs)
	}
	for n := int64(1); n <= pulled; n++ {
		st, over := b.done[n]
		if !over {
			b.complain("job %d is never done", n)
		}
		if err == nil && st.Outcome == job.Stopped {
			b.complain("job %d was stopped, and nothing has stopped it", n)
		}
	}
	if int64(len(b.done)) != pulled {
		b.complain("%d jobs are done of %d", len(b.done), pulled)
	}
	for attempt, runs := range f.runs {
		if runs > 1 && !tr.free {
			b.complain("attempt %s has begun %d times", attempt, runs)
		}
	}
	return b, err
}

// TestFaults has every item end in exactly one outcome, which is its own, whatever happens
// to workers and to the connections with them.
func TestFaults(t *testing.T) {
	seeds := 1000
	if raceEnabled || testing.Short() {
		seeds = 200 // which takes as long as all of them without the race detector
	}
	var ok, lost, given int
	for seed := range uint64(seeds) {
		random := rand.New(rand.NewPCG(seed, 0))
		tr := trial{
			seed: seed * 1000, jobs: 40,
			workers: 1 + random.IntN(4), threads: 1 + random.IntN(3), ahead: random.IntN(8), retries: random.IntN(4),
			free: random.IntN(4) == 0,
		}
		if random.IntN(3) == 0 {
			tr.timeout = 100 * time.Millisecond
		}
		tr.remote = seed%2 == 1
		bad := func() int { return random.IntN(2) * random.IntN(12) }
		tr.rates = rates{bad(), bad(), 3 * bad(), bad(), bad(), bad()}
		if random.IntN(3) == 0 {
			tr.rates = rates{kill: 2 * tr.rates.kill, delay: tr.rates.delay}
		}
		synctest.Test(t, func(t *testing.T) {
			b, err := tr.run(t)
			time.Sleep(time.Minute) // of the bubble: what is late arrives nowhere
			if len(b.wrong) > 0 {
				t.Errorf("%+v:\n%s", tr, strings.Join(b.wrong, "\n"))
			}
			if err != nil {
				if !strings.Contains(err.Error(), "died in a row") {
					t.Errorf("%+v: %v", tr, err)
				}
				given++
			}
			for _, st := range b.done {
				switch st.Outcome {
				case job.Exited:
					ok++
				case job.Lost:
					lost++
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d ran to their end, %d were lost, %d of %d runs were given up", ok, lost, given, seeds)
	if ok < 20*seeds || lost == 0 || given > seeds/4 {
		t.Errorf("that shows nothing")
	}
}
