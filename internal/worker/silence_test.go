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

// gate is what a worker's bytes go through. While it is frozen the worker neither hears nor says
// anything, as one that got SIGSTOP.
type gate struct {
	mu     sync.Mutex
	change sync.Cond
	frozen bool
	killed bool
}

func newGate() *gate {
	g := &gate{}
	g.change.L = &g.mu
	return g
}

func (g *gate) set(frozen, killed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.frozen, g.killed = frozen, g.killed || killed
	g.change.Broadcast()
}

func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.frozen && !g.killed {
		g.change.Wait()
	}
	if g.killed {
		return io.ErrClosedPipe
	}
	return nil
}

type gated struct {
	g *gate
	r io.Reader
	w io.Writer
}

func (g gated) Read(b []byte) (int, error) {
	n, err := g.r.Read(b)
	if closed := g.g.pass(); closed != nil {
		return 0, closed
	}
	return n, err
}

func (g gated) Write(b []byte) (int, error) {
	if err := g.g.pass(); err != nil {
		return 0, err
	}
	return g.w.Write(b)
}

// freezer launches workers through gates.
type freezer struct {
	mu    sync.Mutex
	gates []*gate
	host  worker.Host
}

func (f *freezer) launched() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.gates)
}

func (f *freezer) first() *gate {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gates[0]
}

func (f *freezer) Launch(_ context.Context, number int, _ string) (worker.Link, error) {
	g := newGate()
	f.mu.Lock()
	f.gates = append(f.gates, g)
	f.mu.Unlock()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	l := &gatedLink{from: outR, to: inW, ended: make(chan struct{})}
	l.kill = func() {
		g.set(false, true)
		inR.CloseWithError(io.ErrClosedPipe)
		outW.Close()
	}
	go func() {
		defer close(l.ended)
		defer outW.Close()
		l.err = worker.Serve(context.Background(), gated{g: g, r: inR}, gated{g: g, w: outW}, worker.Hello{Pid: number, CPUs: 1},
			func(worker.Setup) (worker.Host, error) { return f.host, nil })
	}()
	return l, nil
}

type gatedLink struct {
	from  *io.PipeReader
	to    *io.PipeWriter
	kill  func()
	ended chan struct{}
	err   error
}

func (l *gatedLink) Read(b []byte) (int, error)  { return l.from.Read(b) }
func (l *gatedLink) Write(b []byte) (int, error) { return l.to.Write(b) }
func (l *gatedLink) Close() error                { return l.to.Close() }
func (l *gatedLink) Dismiss()                    {}
func (l *gatedLink) Kill()                       { l.kill() }
func (l *gatedLink) Lossless() bool              { return true }
func (l *gatedLink) Wait() error {
	<-l.ended
	return l.err
}

// lazy is a Host whose jobs take as long as their item says, and as long to end.
type lazy struct{ sleeper }

func (lazy) Run(ctx context.Context, j job.Job, _ job.Output) job.Status {
	var takes, ends time.Duration
	fmt.Sscan(strings.Join(j.Items[0].Fields, " "), (*parsed)(&takes), (*parsed)(&ends))
	select {
	case <-time.After(takes):
		return job.Status{}
	case <-ctx.Done():
		time.Sleep(ends)
		return job.Status{Outcome: job.Stopped}
	}
}

type parsed time.Duration

func (p *parsed) Scan(state fmt.ScanState, _ rune) error {
	word, err := state.Token(true, nil)
	if err == nil {
		var d time.Duration
		d, err = time.ParseDuration(string(word))
		*p = parsed(d)
	}
	return err
}

// keeper is a Collector that keeps how each job ended, and when.
type keeper struct {
	counter
	began time.Time
	ends  map[int64]job.Status
	at    map[int64]time.Duration
}

func (k *keeper) Done(j job.Job, st job.Status) {
	k.counter.Done(j, st)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ends[j.Index], k.at[j.Index] = st, time.Since(k.began)
}

// TestSilence: a worker that says nothing any more is noticed, and made up for; one that answers,
// or that was stopped with everything else, is let be.
func TestSilence(t *testing.T) {
	type world struct {
		f    *freezer
		p    *pool.Pool
		warn []string
	}
	const never = 100 * time.Hour
	for name, tt := range map[string]struct {
		items    []string // how long each takes, and how long it takes to end
		timeout  time.Duration
		during   func(w *world)
		ends     []job.Outcome
		at       []time.Duration
		launched int
		warned   bool
	}{
		"a timeout": {
			[]string{"100h 0s", "1s 0s"}, 2 * time.Second, func(w *world) { time.Sleep(time.Second); w.f.first().set(true, false) },
			[]job.Outcome{job.TimedOut, job.Exited}, []time.Duration{5 * time.Second, 6 * time.Second}, 2, false,
		},
		"no timeout": {
			[]string{"100h 0s", "1s 0s"}, never, func(w *world) { time.Sleep(time.Second); w.f.first().set(true, false) },
			[]job.Outcome{job.Lost, job.Exited}, []time.Duration{40 * time.Second, 41 * time.Second}, 2, true,
		},
		"a job that is slow to end": {
			[]string{"100h 20s", "1s 0s"}, 2 * time.Second, func(*world) {},
			[]job.Outcome{job.TimedOut, job.Exited}, []time.Duration{22 * time.Second, 23 * time.Second}, 1, false,
		},
		"stopped for a while": {
			[]string{"100h 0s", "1s 0s"}, 10 * time.Second, func(w *world) {
				time.Sleep(9 * time.Second)
				w.f.first().set(true, false)
				time.Sleep(3 * time.Second) // 1 s before it would be given up
				w.f.first().set(false, false)
			},
			[]job.Outcome{job.TimedOut, job.Exited}, []time.Duration{12 * time.Second, 13 * time.Second}, 1, false,
		},
		"suspended": {
			[]string{"100h 0s", "1s 0s"}, 10 * time.Second, func(w *world) {
				time.Sleep(9 * time.Second)
				w.f.first().set(true, false)
				w.p.Workers(func(one pool.Client) { one.(interface{ Suspend() }).Suspend() })
				time.Sleep(20 * time.Second)
				w.p.Workers(func(one pool.Client) { one.(interface{ Resume() }).Resume() })
				w.f.first().set(false, false)
			},
			[]job.Outcome{job.TimedOut, job.Exited}, []time.Duration{29 * time.Second, 30 * time.Second}, 1, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{f: &freezer{host: lazy{}}}
				starter := &worker.Starter{
					Launcher: w.f,
					Setup:    worker.Setup{Threads: 1, Cancels: true},
					Patience: worker.Patience{Beat: 5 * time.Second, Missed: 6, Leave: 3 * time.Second, Cancel: 3 * time.Second},
					Warn:     func(text string) { w.warn = append(w.warn, text) },
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				spec := pool.Spec{Hosts: []pool.Host{{Workers: 1, Threads: 1}}}
				w.p = pool.New(spec, starter, cancel)
				all := func(context.Context) iter.Seq2[job.Job, error] {
					return func(yield func(job.Job, error) bool) {
						for i, item := range tt.items {
							j := job.Job{Index: int64(i + 1), Attempt: 1, Items: []job.Item{{Seq: int64(i + 1), Fields: []string{item}}}}
							if !yield(j, nil) {
								return
							}
						}
					}
				}
				k := &keeper{began: time.Now(), ends: map[int64]job.Status{}, at: map[int64]time.Duration{}}
				go tt.during(w)
				err := schedule.RunPool(ctx, schedule.Spec{Slots: 1, Timeout: tt.timeout}, all, w.p, k)
				w.p.Close()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				for i := range tt.items {
					st, at := k.ends[int64(i+1)], k.at[int64(i+1)]
					if st.Outcome != tt.ends[i] || (at-tt.at[i]).Abs() > 500*time.Millisecond {
						t.Errorf("job %d: %v after %v, want the end %v after %v", i+1, st, at, tt.ends[i], tt.at[i])
					}
				}
				if n := w.f.launched(); n != tt.launched || (len(w.warn) > 0) != tt.warned {
					t.Errorf("%d workers, warnings %q", n, w.warn)
				}
			})
		})
	}
}
