package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/text"
)

// Launcher starts what becomes a worker. It is all that there is to say about where
// workers run.
type Launcher interface {
	// Launch starts the fanout worker of this number, at this place, and gives up when ctx
	// is done. What it writes to its standard error is for the user to see.
	Launch(ctx context.Context, number int, place string) (Link, error)
}

// Link is the connection to a process that has been launched. Read and Write are its
// standard output and input; to close it is the end of its standard input.
type Link interface {
	io.ReadWriteCloser
	Dismiss()       // its end is wanted: what its jobs leave behind then is let be
	Kill()          // ends it, and all that it has started
	Lossless() bool // what a worker has written can be read after its death
	Wait() error    // returns how it has ended, when nothing is left of it; nil is exit status 0
}

// Starter starts workers for a Pool.
type Starter struct {
	Launcher Launcher
	Setup    Setup // but for what differs from one to the next
	Free     bool  // jobs start no processes: to run one twice does no harm
	Requeues bool  // a job whose beginning was not heard of is given to another, though it may have begun
	Patience Patience
	Warn     func(text string) // tells the user of a worker that says nothing; nil: nobody does
}

// Patience says how long workers are waited for.
type Patience struct {
	Beat   time.Duration // between two questions whether a worker is there
	Missed int           // how many of them may pass without any word
	Leave  time.Duration // how long it may take to end its jobs and itself
	Cancel time.Duration // how long it may say nothing when it was told to end a job; 0: as long as otherwise
}

// Start is part of pool.Starter.
func (s *Starter) Start(m *pool.Worker) (pool.Client, error) {
	link, err := s.Launcher.Launch(m.Context(), m.Number, m.Host)
	if err != nil {
		return nil, err
	}
	c := &client{
		m: m, link: link, setup: s.Setup, twice: s.Free || s.Requeues, patience: s.Patience, warn: s.Warn,
		out:     pool.NewOutbox(),
		flights: map[uint64]*flight{},
		end:     make(chan struct{}),
		drains:  make(chan *flight),
		ready:   make(chan struct{}),
		over:    make(chan struct{}),
	}
	c.out.Add(func(b []byte) []byte { return append(b, preface()...) })
	if s.Setup.Remote != nil {
		c.out.Flush()
		go c.run() // until it calls m.Gone
		c.await(m.Context())
		return c, nil
	}
	c.setUp()
	go c.run()
	return c, nil
}

// setUp says what all jobs have in common.
func (c *client) setUp() {
	c.setup.Number, c.setup.FirstSlot = c.m.Number, c.m.FirstSlot
	c.tell(kindSetup, func(b []byte) []byte { return encodeValue(b, c.setup) })
}

// await waits until a worker that is far away can work, or is not there any more. Until
// then others get the jobs.
func (c *client) await(ctx context.Context) {
	select {
	case <-c.ready:
	case <-c.over:
	case <-ctx.Done():
		c.link.Kill()
		<-c.over
	}
}

// met is for the first word of a worker that is far away: now it is known how many jobs it
// can run.
func (c *client) met(h Hello) {
	far := *c.setup.Remote
	if far.Host == "" {
		far.Host = h.Host
	} else {
		far.Host = c.m.Host
	}
	c.m.Machine = far.Host
	c.setup.Remote = &far
	if c.m.FirstSlot == 0 {
		c.m.Slots(max(1, h.CPUs))
	}
	c.setup.Threads = c.m.Threads()
	c.setUp()
	c.ping()
}

// ping asks whether the worker is there. One question is asked at a time.
func (c *client) ping() {
	c.asked.CompareAndSwap(0, time.Now().UnixNano())
	c.tell(kindPing, nil)
}

// pong is the answer: the first says that the worker can work.
func (c *client) pong() {
	if asked := c.asked.Swap(0); asked != 0 && c.told {
		c.m.Latency(time.Since(time.Unix(0, asked)))
	}
	if !c.told && c.setup.Remote != nil {
		c.told = true
		close(c.ready)
		c.ping() // for the time that it takes
	}
}

// client is the runner's side of the protocol.
type client struct {
	m        *pool.Worker
	link     Link
	setup    Setup
	twice    bool // jobs may be run twice
	patience Patience
	warn     func(string)

	ready  chan struct{} // closed when a worker that is far away can work
	over   chan struct{} // closed when it has gone
	told   bool          // ready is closed
	probed atomic.Int64  // when it was last asked along with jobs, in nanoseconds
	asked  atomic.Int64  // when the question was asked that has no answer yet, in nanoseconds; 0 is none

	out    *pool.Outbox
	number uint32 // of the next frame; guarded by the Outbox

	heard  atomic.Bool  // something came since the last beat
	words  atomic.Int64 // how many there were
	paused atomic.Bool  // its jobs are suspended, and we are about to be
	silent atomic.Int64 // for how many nanoseconds it had said nothing when it was given up for that
	drains chan *flight // with output to pass on, for a goroutine that has none at the moment
	end    chan struct{}
	others sync.WaitGroup // its goroutines, but for the drains

	mu      sync.Mutex // guards these
	flights map[uint64]*flight
	last    uint64 // number of a job
	leaving *time.Timer
	gone    bool
	bye     bool

	ending string // what ends the worker, as it says; the reader's own
}

// send adds a frame to what goes out.
func (c *client) send(k kind, body func([]byte) []byte) {
	c.out.Add(func(b []byte) []byte {
		start := len(b)
		b = beginFrame(b, k)
		if body != nil {
			b = body(b)
		}
		endFrame(b, start, c.number)
		c.number++
		return b
	})
}

// Flush is part of pool.Worker.
func (c *client) Flush() {
	if c.setup.Remote != nil {
		c.probe()
	}
	c.out.Flush()
}

// probe has what goes out now ask for the time that an answer takes, from time to time: a
// connection can be quick by itself and slow when it has work. With small packets srun's took
// 50 to 100 ms, and 10,000 × true 35 s in place of 6 until that was seen.
func (c *client) probe() {
	const often = 100 * time.Millisecond
	now := time.Now().UnixNano()
	if now-c.probed.Load() < int64(often) {
		return
	}
	c.probed.Store(now)
	if c.asked.CompareAndSwap(0, now) {
		c.send(kindPing, nil)
	}
}

// FlushSoon is part of pool.Worker.
func (c *client) FlushSoon() { c.out.FlushSoon() }

// tell sends a frame now.
func (c *client) tell(k kind, body func([]byte) []byte) {
	c.send(k, body)
	c.out.Flush()
}

func (c *client) tellNumber(k kind, n uint64) {
	c.tell(k, func(b []byte) []byte { return binary.AppendUvarint(b, n) })
}

// Send is part of pool.Worker.
func (c *client) Send(t *pool.Task) {
	c.mu.Lock()
	c.last++
	t.ID = c.last
	f := &flight{task: t}
	if size(t.Attempt.Job) > maxBody/2 {
		f.over, f.status = true, job.Status{Outcome: job.NotStarted, Err: errTooLarge}
	}
	c.flights[t.ID] = f
	c.mu.Unlock()
	if f.over {
		go c.done(f) // not by this goroutine, whose the Pool is at the moment
		return
	}
	c.send(kindRun, func(b []byte) []byte { return appendJob(binary.AppendUvarint(b, t.ID), t.Attempt.Job) })
}

var errTooLarge = errors.New("its items are more than 512 MiB, which is too much for a worker: give it fewer (-n), or use --mode thread")

// Recall is part of pool.Worker.
func (c *client) Recall(t *pool.Task) { c.tellNumber(kindRecall, t.ID) }

// Cancel is part of pool.Worker. A worker that is stopped, or stuck, ends nothing.
func (c *client) Cancel(t *pool.Task) {
	words := c.words.Load()
	c.tellNumber(kindCancel, t.ID)
	if c.patience.Cancel > 0 {
		c.ping()
		go c.awaitWord(words) // until there is one, or the worker is gone
	}
}

// awaitWord gives a worker up that says nothing for too long. It counts by looks, so that a
// time in which we were stopped ourselves is one of them.
func (c *client) awaitWord(words int64) {
	const looks = 20
	tick := time.NewTicker(c.patience.Cancel / looks)
	defer tick.Stop()
	for missed := 0; missed < looks; {
		select {
		case <-tick.C:
		case <-c.end:
			return
		}
		if c.words.Load() != words {
			return
		}
		if !c.paused.Load() {
			missed++
		}
	}
	c.giveUp(c.patience.Cancel)
}

// giveUp kills a worker that has said nothing for so long.
func (c *client) giveUp(after time.Duration) {
	c.silent.CompareAndSwap(0, int64(after))
	c.link.Kill()
}

// Stop is part of pool.Worker.
func (c *client) Stop() {
	c.tell(kindStop, nil)
	c.leave(c.patience.Leave)
}

// KillNow is part of pool.Worker.
func (c *client) KillNow() {
	c.tell(kindKill, nil)
	const most = time.Second
	c.leave(most)
}

// Suspend has the worker stop its jobs, before we are stopped ourselves.
func (c *client) Suspend() {
	c.paused.Store(true)
	c.tell(kindSuspend, nil)
	const most = 100 * time.Millisecond
	c.out.Await(most)
}

// Resume has them go on.
func (c *client) Resume() {
	c.tell(kindResume, nil)
	c.paused.Store(false)
}

// Settle is part of pool.Worker.
func (c *client) Settle() { c.tell(kindSettle, nil) }

// Dismiss is part of pool.Worker.
func (c *client) Dismiss() {
	c.mu.Lock()
	first := !c.bye
	c.bye = true
	c.mu.Unlock()
	if !first {
		return
	}
	c.link.Dismiss()
	c.tell(kindBye, nil)
	c.out.Close()
	c.leave(c.patience.Leave)
}

// leave kills the worker if it is still there by then.
func (c *client) leave(most time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return
	}
	if c.leaving != nil {
		c.leaving.Stop()
	}
	c.leaving = time.AfterFunc(most, c.link.Kill)
}

// run is with the worker until it is gone.
func (c *client) run() {
	defer close(c.over)
	c.others.Go(func() {
		if err := c.out.Copy(c.link); err == nil {
			c.link.Close()
		}
	})
	c.others.Go(c.beat)
	why := c.read()
	c.m.Leave()
	// Those that have not begun need not wait for the end of the others.
	exact := c.link.Lossless() && errors.Is(why, io.EOF)
	for _, f := range c.unbegun(exact) {
		c.m.Return(f.task)
	}
	c.out.Close()
	c.mu.Lock()
	bye := c.bye
	c.mu.Unlock()
	if !bye || why != io.EOF {
		c.link.Kill()
	}
	why = c.cause(why, c.link.Wait())
	c.link.Close()
	close(c.end)
	c.others.Wait()
	c.mu.Lock()
	c.gone = true
	if c.leaving != nil {
		c.leaving.Stop()
	}
	c.mu.Unlock()
	for _, f := range c.rest() {
		how := "died"
		if f.ended {
			how = "died a moment after the job's end, which may have been too early"
		}
		c.finish(f, job.Status{Outcome: job.Lost, Err: fmt.Errorf("worker %d %s: %w", c.m.Number, how, why)})
	}
	if bye {
		why = nil
	}
	c.m.Gone(why)
}

// cause is what ended a worker whose reading ended with err.
func (c *client) cause(err, how error) error {
	var hopeless *pool.HopelessError
	switch {
	case errors.As(err, &hopeless):
		return err
	case c.ending != "":
		return errors.New(c.ending)
	case c.silent.Load() > 0:
		return fmt.Errorf("it has said nothing for %v", time.Duration(c.silent.Load()))
	case errors.Is(err, ErrBroken) && !errors.Is(err, io.EOF):
		return err
	case how != nil:
		return how
	default:
		return errors.New("it has ended by itself")
	}
}

// warnAfter is after how many beats of silence the user is told.
const warnAfter = 2

// beat asks from time to time whether the worker is there. A time in which we were
// stopped ourselves counts as one beat.
func (c *client) beat() {
	tick := time.NewTicker(c.patience.Beat)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-tick.C:
		case <-c.end:
			return
		}
		if c.heard.Swap(false) || c.paused.Load() {
			missed = 0
		} else if missed++; missed > c.patience.Missed {
			c.giveUp(c.patience.Beat * time.Duration(c.patience.Missed))
			return
		} else if missed == warnAfter && c.warn != nil {
			c.warn(fmt.Sprintf("worker %d has said nothing for %v; it is given up after %v",
				c.m.Number, c.patience.Beat*warnAfter, c.patience.Beat*time.Duration(c.patience.Missed)))
		}
		c.ping()
	}
}

// read obeys the worker until the end.
func (c *client) read() error {
	f := newFrames(c.link)
	if err := readPreface(f.r); err != nil {
		if err == io.EOF || errors.Is(err, ErrBroken) {
			return err
		}
		return c.hopeless(err)
	}
	for {
		k, body, err := f.read()
		if err != nil {
			return err
		}
		c.heard.Store(true)
		c.words.Add(1)
		if err := c.obey(k, body); err != nil {
			return err
		}
	}
}

func (c *client) hopeless(err error) error {
	if c.m.Host != "" {
		return &pool.HopelessError{Err: fmt.Errorf("%s: %w", text.Name(c.m.Host), err)}
	}
	var path interface{ Timeout() bool }
	if errors.As(err, &path) { // of the pipe, not of what came by it
		return err
	}
	return &pool.HopelessError{Err: fmt.Errorf("worker %d: %w", c.m.Number, err)}
}

func (c *client) obey(k kind, body []byte) error {
	switch k {
	case kindPong:
		c.pong()
		return nil
	case kindHello:
		var h Hello
		err := decodeValue(body, &h)
		if err == nil && c.setup.Remote != nil && c.m.Machine == "" {
			c.met(h)
		}
		return err
	case kindRefused:
		return c.hopeless(refusal(body))
	case kindOutput:
		return c.output(body)
	case kindEnding:
		c.ending = string(body)
		c.m.Leave()
		return nil
	}
	t := decoder{rest: string(body)}
	id := t.number()
	var st job.Status
	if k == kindDone {
		st = t.status()
	}
	if err := t.end(); err != nil {
		return err
	}
	if k == kindLeft {
		c.m.LeftBehind(int(id))
		return nil
	}
	f := c.flight(id)
	if f == nil {
		return broken("word of job %d, which is not there", id)
	}
	switch k {
	case kindStarted:
		f.begun = true
		c.m.Begun(f.task)
	case kindEnded:
		c.ended(f)
	case kindDone:
		c.finish(f, st)
	case kindReturned:
		c.mu.Lock()
		delete(c.flights, id)
		c.mu.Unlock()
		c.m.Return(f.task)
	default:
		return broken("kind %d from the worker", k)
	}
	return nil
}
