// The Collector: what it is made of, how it begins and how it ends.

package collect

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
	"fanout/internal/sink"
	"fanout/internal/text"
)

// Mode says how the outputs of jobs that run at the same time come together.
type Mode uint8

// The modes of output.
const (
	Group Mode = iota // a job's output in one piece, when the job has ended
	Line              // each line as soon as it is complete
	Raw               // jobs write by themselves
	None              // discarded
)

// Spec says how output is collected.
type Spec struct {
	Mode      Mode
	KeepOrder bool   // the output of jobs has the order of their items
	Tag       bool   // each line begins with the job's item and a tab
	TmpDir    string // where output is spilled
	TmpName   string // how the spill's name begins, for the moment in which it has one
	Instant   bool   // jobs take no time, so that none is worth streaming
	Retries   int    // how often a failed job is retried at most; only the last attempt's output can be seen early
	Slots     int
	Null      int // a descriptor of /dev/null, for None

	// Hold is how long a success waits for a stop from outside before Hooks.Final is told of it, or Hooks.InDoubt if
	// there is such a stop. It is 0 where no signal can cut jobs short.
	Hold time.Duration

	// Whole holds what a job prints until the job has ended, for Hooks.Keep and Write. Neither
	// goes with Line or Raw.
	Whole bool
}

// Hooks are what the Collector calls when something happens to the run as a whole.
type Hooks struct {
	OnError   func(error)        // called once, when our own output cannot be written
	OnFull    func(why error)    // called once, when jobs have to wait because nothing more can be spilled
	Observers []func(*job.Event) // called for each event, one at a time; it is theirs until they return

	// These are called for each job that has ended, one at a time and in the order of output. An error of theirs
	// counts as one of our own output. Any may be nil, but Final needs InDoubt.
	Keep    func(*job.Finished, [2]sink.Printed) error             // before its output is written
	Write   func(*job.Finished, [2]sink.Printed, *sink.File) error // in place of writing it
	Final   func([]*job.Finished) error                            // when the system has it, and the outcome is sure
	InDoubt func([]*job.Finished)                                  // in place of Final; see Spec.Hold
}

// finished reports whether a hook wants jobs that have ended.
func (h *Hooks) finished() bool { return h.Keep != nil || h.Write != nil || h.Final != nil }

// Collector takes the output and the outcome of every job.
type Collector struct {
	spec  Spec
	files [2]*sink.File // standard output and standard error
	hooks Hooks

	// Of the goroutine alone.
	finality finality
	notKept  error // of Hooks.Keep
	notFinal bool  // Hooks.Final has failed
	inDoubt  int64
	printed  [2]printed // of the job that is being delivered

	memory    memory
	spill     spill
	entries   []*entry                  // by slot
	stoppedAt atomic.Pointer[time.Time] // when the run was stopped from outside
	lines     sync.Mutex                // with Line, held while whole lines are written, which never waits
	long      [2]longLines
	longs     atomic.Int64 // how many lines that are too long for memory wait for the goroutine
	gathered  atomic.Int64 // bytes of whole lines that wait for their reader, which the goroutine writes at last
	failed    atomic.Bool
	backlog   atomic.Int64 // finished jobs whose output is not written yet
	writes    atomic.Int64 // seq of the job whose output was begun last, by the goroutine or its slot
	rounds    atomic.Int64 // of the goroutine, after each of which there may be room, or the stream for another job

	mu       sync.Mutex
	work     sync.Cond // for the goroutine: something to do
	room     sync.Cond // for slots: room, the stream, or the end
	order    order
	attempts map[int64]failedAttempt // by the index of the job, which is to be retried
	events   []job.Event
	writing  bool
	full     bool
	moments  int // counted while jobs wait for room to spill
	counting bool
	stopped  bool
	closed   bool
	ended    chan struct{}
	err      error
}

// New starts a Collector that writes to the two files.
func New(spec Spec, stdout, stderr *sink.File, hooks Hooks) *Collector {
	c := &Collector{
		spec:     spec,
		files:    [2]*sink.File{stdout, stderr},
		hooks:    hooks,
		finality: finality{hold: spec.Hold},
		spill:    spill{dir: spec.TmpDir, name: spec.TmpName},
		entries:  make([]*entry, spec.Slots+1),
		order:    newOrder(spec.KeepOrder, !spec.Instant && !spec.Whole),
		attempts: map[int64]failedAttempt{},
		ended:    make(chan struct{}),
	}
	c.work.L = &c.mu
	c.room.L = &c.mu
	go c.loop()
	return c
}

// byLines reports whether all slots write: whole lines or, with Raw, what fanout does in the jobs' stead.
func (c *Collector) byLines() bool {
	return c.spec.Mode == Raw || c.spec.Mode == Line && !c.spec.KeepOrder
}

// Wake makes the goroutine look for work. Among other things it tells the observers of all events so far, some of which
// may wait for more.
func (c *Collector) Wake() {
	c.mu.Lock()
	c.work.Signal()
	c.mu.Unlock()
}

// Stop ends the run early: jobs that wait for room go on, and a reader that takes nothing is soon given up.
func (c *Collector) Stop() {
	c.mu.Lock()
	c.stopped = true
	c.room.Broadcast()
	c.work.Signal()
	c.mu.Unlock()
	c.files[0].Stop()
	c.files[1].Stop()
}

// Close returns when everything is written, after the last Done. The error is the first failure to write.
func (c *Collector) Close() error {
	c.mu.Lock()
	c.closed = true
	c.work.Signal()
	c.mu.Unlock()
	<-c.ended
	c.spill.close()
	return c.err
}

// Waits says in plain words what is being written at this moment, and maybe waits for its reader. Any goroutine may
// ask.
func (c *Collector) Waits() (all []string) {
	for _, f := range c.files {
		if !f.Busy() {
			continue
		}
		text := "writing " + f.Name()
		if n := c.writes.Load(); n > 0 {
			text += fmt.Sprintf(" (job %d)", n)
		}
		all = append(all, text)
	}
	if c.spill.busy.Load() > 0 {
		all = append(all, "writing the temporary file in "+text.Name(c.spill.dir))
	}
	return all
}

// Moved returns how many bytes of output were taken so far. Any goroutine may ask.
func (c *Collector) Moved() int64 { return c.files[0].Moved() + c.files[1].Moved() }

// fail ends all writing: what cannot be written is read and dropped until the run is stopped.
func (c *Collector) fail(err error) {
	if c.failed.Swap(true) {
		return
	}
	c.mu.Lock()
	c.err = err
	c.room.Broadcast()
	c.mu.Unlock()
	c.hooks.OnError(err)
}
