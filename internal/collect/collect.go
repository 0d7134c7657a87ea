// Package collect brings the output of many jobs, each written by its slot's
// goroutine, into one stream: in groups, by lines, in order, tagged. It spills to
// disk what does not fit into memory.
//
// Who may write to our own outputs is clear at every moment. By default it is the
// Collector's one goroutine, which writes what finished jobs have left. At times
// it lends the stream to a job that is still running, the head of the order or
// one that has outgrown its buffer; that job's slot then writes for itself until
// the job ends. With Line all slots write, whole lines under a lock.
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

// Mode is how the outputs of jobs that run at the same time come together.
type Mode uint8

// The modes of output.
const (
	Group Mode = iota // a job's output in one piece, when it has ended
	Line              // each line as soon as it is complete
	Raw               // jobs write for themselves
	None              // discarded
)

// Spec says how output is collected.
type Spec struct {
	Mode      Mode
	KeepOrder bool   // the output of jobs in the order of their items
	Tag       bool   // each line begins with the job's item and a tab
	TmpDir    string // where output is spilled
	TmpName   string // how the file's name begins, for the moment in which it has one
	Instant   bool   // jobs take no time, so that none is worth streaming
	Retries   int    // how often a job that fails may be tried again, which only the last try need not wait for
	Slots     int
	Null      int // a descriptor of /dev/null, for None

	// Hold is how long a success waits for a stop from outside before Hooks.Final is told of
	// it, and Hooks.InDoubt if there is one; 0 where no signal can cut jobs short.
	Hold time.Duration

	// Whole holds what a job prints until it has ended, for Hooks.Keep and Write. Neither
	// goes with Line or Raw.
	Whole bool
}

// Collector takes the output and the outcome of every job.
type Collector struct {
	spec      Spec
	files     [2]*sink.File // standard output and standard error
	observers []func(*job.Event)
	onError   func(error) // called once, with the first failure to write
	onFull    func(error) // called once, when jobs wait for room to spill
	hooks     Hooks
	notKept   error // of Hooks.Keep; the goroutine's own
	finality  finality
	notFinal  bool                      // Hooks.Final has failed; the goroutine's own
	inDoubt   int64                     // the goroutine's own
	doubted   atomic.Pointer[time.Time] // when the run was stopped from outside
	printed   [2]printed                // of the job that is handed over; the goroutine's own

	memory   memory
	spill    spill
	entries  []*entry   // by slot
	lines    sync.Mutex // with Line, held for as long as writing whole lines takes without waiting
	long     [2]longLines
	longs    atomic.Int64 // how many lines that are too long wait for the goroutine
	gathered atomic.Int64 // bytes of whole lines that wait for their reader; the goroutine sees to them
	failed   atomic.Bool
	backlog  atomic.Int64 // finished jobs whose output is not written yet
	writes   atomic.Int64 // number of the job whose output the goroutine, or the job itself, has written last
	rounds   atomic.Int64 // of the goroutine, after each of which there may be room, or a turn

	mu       sync.Mutex
	work     sync.Cond // for the goroutine: something to do
	room     sync.Cond // for slots: room, a turn, or the end
	order    order
	attempts map[int64]attempt // by job, the last tries of those that are to be tried again
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

// Hooks are what the Collector calls when something happens to the run as a whole.
type Hooks struct {
	OnError   func(error)        // once, when our own output cannot be written
	OnFull    func(why error)    // once, when jobs have to wait because nothing more can be spilled
	Observers []func(*job.Event) // for each event, one at a time; it is theirs until they return

	// These are called for each job that has ended, one at a time and in the order of
	// output. An error of theirs is taken as one of our own output. Any may be nil.
	Keep    func(*job.Finished, [2]sink.Printed) error             // before its output is written
	Write   func(*job.Finished, [2]sink.Printed, *sink.File) error // in place of writing it
	Final   func([]*job.Finished) error                            // when it has reached the system and its outcome is sure
	InDoubt func([]*job.Finished)                                  // in place of Final, which goes with it; see Spec.Hold
}

// wanted says that jobs are to be handed over when they have ended.
func (h *Hooks) wanted() bool { return h.Keep != nil || h.Write != nil || h.Final != nil }

// New starts a Collector that writes to the two files.
func New(spec Spec, stdout, stderr *sink.File, hooks Hooks) *Collector {
	c := &Collector{
		spec:      spec,
		files:     [2]*sink.File{stdout, stderr},
		observers: hooks.Observers,
		onError:   hooks.OnError,
		onFull:    hooks.OnFull,
		hooks:     hooks,
		finality:  finality{hold: spec.Hold},
		spill:     spill{dir: spec.TmpDir, name: spec.TmpName},
		entries:   make([]*entry, spec.Slots+1),
		order:     newOrder(spec.KeepOrder, !spec.Instant && !spec.Whole),
		attempts:  map[int64]attempt{},
		ended:     make(chan struct{}),
	}
	c.work.L = &c.mu
	c.room.L = &c.mu
	go c.loop()
	return c
}

// window is how many jobs may be ahead of the head of the order, and finished
// jobs wait to be written. A job that waits takes about 170 bytes and its output.
const window = 1 << 16

// eventsMax is how many events may wait for the observers, at 250 bytes each.
const (
	eventsMax  = 1 << 12
	eventsLazy = 1 << 6
)

// Await waits while too much is on its way out already for one more job. One that
// was started before does not wait for others.
func (c *Collector) Await(j job.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaitRoom(j.Index)
}

func (c *Collector) awaitRoom(seq int64) {
	for !c.stopped && !c.hasRoom(seq) {
		c.work.Signal()
		c.room.Wait()
	}
}

// Start readies the output of a job on its slot, when there is room.
func (c *Collector) Start(j job.Job) job.Output {
	e := c.entries[j.Slot]
	if e == nil {
		e = newEntry(c)
		c.entries[j.Slot] = e
	}
	e.reset(j)
	c.mu.Lock()
	c.awaitLess(e)
	c.awaitRoom(j.Index)
	c.order.start(e)
	if len(c.observers) > 0 && j.Attempt <= 1 {
		c.events = append(c.events, job.Event{Kind: job.Started, Job: j})
	}
	c.mu.Unlock()
	return e.output()
}

// How many jobs may have ended and not be kept, or written: they are run again, if the run is
// killed. Hooks.Keep takes longer than many a job; what is written may wait for its reader.
const (
	keepMost  = 64
	writeMost = 256
)

// behind says that no more jobs are to be started before some are kept or written. In order,
// most of them may wait for the head; and where jobs take no time, running them again takes
// none either.
func (c *Collector) behind() bool {
	switch {
	case c.spec.KeepOrder:
		return false
	case c.hooks.Keep != nil:
		return c.backlog.Load() > keepMost
	default:
		return c.hooks.Final != nil && !c.spec.Instant && c.backlog.Load() > writeMost
	}
}

// gatherMost is how many bytes of whole lines may wait for their reader when a slot that has
// printed some begins its next job.
const gatherMost = 256 << 10

func (c *Collector) awaitLess(e *entry) {
	for !c.stopped && !c.failed.Load() && e.printed && c.gathered.Load() > gatherMost {
		c.work.Signal()
		c.room.Wait()
	}
	e.printed = false
}

// hasRoom says that the job may start: it is not too far ahead of the head, and
// the goroutine keeps up.
func (c *Collector) hasRoom(seq int64) bool {
	if c.behind() || len(c.events) > eventsMax || c.writing && c.memory.tight() {
		return false
	}
	return c.order.within(seq, window)
}

// Ended says that a job has ended well and has printed all, though its Done may say otherwise. It
// has its place in the order from now on.
func (c *Collector) Ended(j job.Job) {
	c.mu.Lock()
	c.order.expect(c.entries[j.Slot])
	c.mu.Unlock()
}

// Done takes the outcome of the job whose output Start has readied.
func (c *Collector) Done(j job.Job, st job.Status) {
	e := c.entries[j.Slot]
	if j.Attempt > 1 {
		c.Begun(j)
	}
	ev := job.Event{Kind: job.Done, Job: j, Status: st}
	if st.Failed() {
		ev.Tail = e.streams[1].tail.bytes()
	}
	r := e.finish(c.backlog.Load())
	urgent := r != nil || st.Failed() || c.hooks.Write != nil
	if r = c.handOver(r, &ev); r != nil {
		r.cut = e.streams[0].cut || e.streams[1].cut
	}
	c.mu.Lock()
	awaited, more := c.order.finish(e, r)
	c.backlog.Add(int64(more))
	c.tell(&ev, urgent || awaited && !c.spec.Instant)
	c.mu.Unlock()
}

// handOver adds to what a job has left how it has ended, if somebody wants to know.
func (c *Collector) handOver(r *result, ev *job.Event) *result {
	if !c.hooks.wanted() {
		return r
	}
	if r == nil {
		r = &result{number: ev.Job.Seq()}
	}
	r.job = &job.Finished{Job: ev.Job, Status: ev.Status, Tail: ev.Tail, Ended: time.Now().Add(-ev.Status.Ago)}
	return r
}

// tell adds an event, and wakes the goroutine if something is urgent. Waking it
// costs two system calls and a switch: the counting of silent successes can wait.
func (c *Collector) tell(ev *job.Event, urgent bool) {
	if len(c.observers) > 0 {
		c.events = append(c.events, *ev)
	}
	if urgent || len(c.events) > eventsLazy {
		c.work.Signal()
	}
}

// Tell has the observers told soon of the events so far, which may wait for more.
func (c *Collector) Tell() {
	c.mu.Lock()
	c.work.Signal()
	c.mu.Unlock()
}

// Stop is called when the run is to end early: jobs that wait for room go on, and
// a reader that takes nothing is not waited for much longer.
func (c *Collector) Stop() {
	c.mu.Lock()
	c.stopped = true
	c.room.Broadcast()
	c.work.Signal()
	c.mu.Unlock()
	c.files[0].Stop()
	c.files[1].Stop()
}

// Close returns when everything has been written, after the last Done. The error
// is the first failure to write.
func (c *Collector) Close() error {
	c.mu.Lock()
	c.closed = true
	c.work.Signal()
	c.mu.Unlock()
	<-c.ended
	c.spill.close()
	return c.err
}

// Waits says in plain words what is being written at this moment, and maybe waits for its
// reader. Any goroutine may ask.
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

// Moved is how many bytes of output were taken so far. Any goroutine may ask.
func (c *Collector) Moved() int64 { return c.files[0].Moved() + c.files[1].Moved() }

// fail ends all writing: what cannot be written is read and dropped until the
// run has been stopped.
func (c *Collector) fail(err error) {
	if c.failed.Swap(true) {
		return
	}
	c.mu.Lock()
	c.err = err
	c.room.Broadcast()
	c.mu.Unlock()
	c.onError(err)
}
