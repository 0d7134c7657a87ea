// Package progress shows how far a run has come: bars on a terminal, lines in a log, or objects for another program.
//
// A [Progress] observes the run and looks at it at intervals, so its cost does not depend on the number of jobs. Bars
// are drawn on a [Screen], above which everything else scrolls that is printed on the terminal.
package progress

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
)

// Mode is a way to show progress.
type Mode uint8

// The modes.
const (
	None  Mode = iota
	Bars       // on a terminal
	Plain      // a line every few seconds
	Late       // the same, once the run has taken a while
	JSON       // an object a second
)

// Spec says how progress is shown.
type Spec struct {
	Mode    Mode
	Color   bool
	ASCII   bool          // bars have no other characters
	Timeout time.Duration // of an attempt; 0: none
	Slots   int           // how many jobs run at a time at most
	Hold    bool          // bars wait for SetTotal, since somebody types the items on the terminal
}

// Sources is where the numbers come from. Each is called at intervals, from one goroutine.
type Sources struct {
	Running func() []Running // the jobs that run now

	// Begun counts the started jobs that run, and those that wait for a worker or for room. It is not ok where all of
	// them run.
	Begun func() (running, waiting int, ok bool)

	Count   func(ctx context.Context) (jobs int64, ok bool) // how many jobs there will be; it may take long
	Skipped func() int64                                    // how many of them an earlier run has done
}

// Running is a job that runs.
type Running struct {
	Slot    int // its slot or, in process mode, its worker
	Label   string
	For     time.Duration
	Attempt int
}

// Progress observes a run.
type Progress struct {
	spec    Spec
	sources Sources
	flush   func() // brings all events so far to Observe
	began   time.Time

	started atomic.Int64
	done    atomic.Int64
	failed  atomic.Int64
	first   atomic.Pointer[job.Status] // the job that failed first
	total   atomic.Int64               // 0: not known
	known   chan struct{}              // closed by SetTotal

	mu    sync.Mutex
	times [timesKept]time.Duration // what the last jobs took
	timed int                      // how many jobs were
}

// timesKept is the number of jobs for the median.
const timesKept = 255

// New returns the Progress of a run that begins now.
func New(spec Spec, sources Sources) *Progress {
	return &Progress{spec: spec, sources: sources, began: time.Now(), known: make(chan struct{})}
}

// Observe takes an event. It is called for one at a time.
func (p *Progress) Observe(ev *job.Event) {
	switch ev.Kind {
	case job.Started:
		p.started.Add(1)
	case job.Done:
		if ev.Status.Failed() {
			p.fail(ev.Status)
		}
		p.done.Add(1)
		if took := ev.Status.Usage.Wall; took > time.Millisecond {
			p.mu.Lock()
			p.times[p.timed%timesKept] = took
			p.timed++
			p.mu.Unlock()
		}
	}
}

// TakeBack recounts jobs that had succeeded as failed.
func (p *Progress) TakeBack(jobs int64) { p.failed.Add(jobs) }

// fail gets the status without its event: otherwise all events would be allocated.
func (p *Progress) fail(st job.Status) {
	p.failed.Add(1)
	p.first.CompareAndSwap(nil, &st)
}

// FirstFailure returns the outcome of the job that failed first, nil if none has. Any goroutine may ask.
func (p *Progress) FirstFailure() *job.Status { return p.first.Load() }

// Done returns how many jobs have ended.
func (p *Progress) Done() int64 { return p.done.Load() }

// Failed returns how many jobs have failed.
func (p *Progress) Failed() int64 { return p.failed.Load() }

// Started returns how many jobs have started.
func (p *Progress) Started() int64 { return p.started.Load() }

// SetTotal sets how many jobs there are, when that is certain. It is called once.
func (p *Progress) SetTotal(jobs int64) {
	p.total.Store(jobs)
	close(p.known)
}

// median returns what jobs took of late; 0 when that is not known.
func (p *Progress) median() time.Duration {
	p.mu.Lock()
	times := slices.Clone(p.times[:min(p.timed, timesKept)])
	p.mu.Unlock()
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// Show shows progress, as lines on out or as bars on the screen, until the function that it returns is called, which
// waits for the end of it. Before each look, flush brings all events so far to Observe.
func (p *Progress) Show(flush func(), out io.Writer, screen *Screen) (hide func()) {
	p.flush = flush
	var show func(ctx context.Context)
	switch p.spec.Mode {
	case Plain, Late:
		show = func(ctx context.Context) { p.plain(ctx, out) }
	case JSON:
		show = func(ctx context.Context) { p.json(ctx, out) }
	case Bars:
		show = func(ctx context.Context) { p.bars(ctx, screen) }
	default:
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { show(ctx) })
	if p.sources.Count != nil {
		all.Go(func() {
			if n, ok := p.sources.Count(ctx); ok {
				p.total.CompareAndSwap(0, n)
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}
