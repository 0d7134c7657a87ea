// Package progress shows how far a run has come: bars on a terminal, lines in a log, or
// objects for another program. It looks at the run at intervals; what it costs does not
// depend on how many jobs there are.
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
	Plain      // a line at times
	Late       // the same, of a run that takes long
	JSON       // an object a second
)

// Spec says what is shown, and of what.
type Spec struct {
	Mode    Mode
	Color   bool
	ASCII   bool          // no other characters
	Timeout time.Duration // of a job; 0: none
	Slots   int           // how many jobs run at a time at most
	Hold    bool          // no bars until SetTotal, since somebody types where they would be
}

// Sources is where the numbers come from. Each is asked at intervals, from one goroutine.
type Sources struct {
	Running func() []Running                                // the jobs that run now
	Begun   func() (running, waiting int, ok bool)          // how many run, and how many wait for a worker or for room; ok is false where all that were started run
	Count   func(ctx context.Context) (jobs int64, ok bool) // how many there will be; it may take its time
	Skipped func() int64                                    // jobs of them that an earlier run has done
}

// Running is a job that runs.
type Running struct {
	Slot    int // its slot, or its worker
	Label   string
	For     time.Duration
	Attempt int
}

// Progress observes a run.
type Progress struct {
	spec    Spec
	sources Sources
	tell    func() // has Observe be told of all that has happened
	began   time.Time

	started atomic.Int64
	done    atomic.Int64
	failed  atomic.Int64
	first   atomic.Pointer[job.Status] // of those that have failed
	total   atomic.Int64               // 0: it is not known
	known   chan struct{}              // closed by SetTotal

	mu    sync.Mutex
	times [timesKept]time.Duration // what the last jobs took
	taken int
}

// timesKept is of how many jobs the median is.
const timesKept = 255

// New begins to observe.
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
			p.times[p.taken%timesKept] = took
			p.taken++
			p.mu.Unlock()
		}
	}
}

// TakeBack says that so many jobs have failed that had succeeded.
func (p *Progress) TakeBack(jobs int64) { p.failed.Add(jobs) }

// fail takes the status apart from its event: else all events would be allocated.
func (p *Progress) fail(st job.Status) {
	p.failed.Add(1)
	p.first.CompareAndSwap(nil, &st)
}

// FirstFailure is the outcome of the job that has failed first, nil if none has. Any
// goroutine may ask.
func (p *Progress) FirstFailure() *job.Status { return p.first.Load() }

// Done returns how many jobs have ended.
func (p *Progress) Done() int64 { return p.done.Load() }

// Failed returns how many jobs have failed.
func (p *Progress) Failed() int64 { return p.failed.Load() }

// Started is how many jobs have begun.
func (p *Progress) Started() int64 { return p.started.Load() }

// SetTotal says how many jobs there are, once that is certain. It is called once.
func (p *Progress) SetTotal(jobs int64) {
	p.total.Store(jobs)
	close(p.known)
}

// median is what jobs took of late; 0 when that is not known.
func (p *Progress) median() time.Duration {
	p.mu.Lock()
	times := slices.Clone(p.times[:min(p.taken, timesKept)])
	p.mu.Unlock()
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// Show shows progress until the function that it returns is called, which waits for the end
// of it: lines on out, or bars on the screen. Before each look, tell has Observe be told of
// all that has happened.
func (p *Progress) Show(tell func(), out io.Writer, screen *Screen) (hide func()) {
	p.tell = tell
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
