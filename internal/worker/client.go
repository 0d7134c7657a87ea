package worker

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
	"fanout/internal/outbox"
	"fanout/internal/pool"
)

// client is the runner's side of the protocol: a [pool.Client] that reports to its [pool.Worker].
type client struct {
	worker     *pool.Worker
	link       Link
	setup      Setup
	namesHosts bool
	twice      bool // jobs may run twice
	patience   Patience
	warn       func(string)

	out    *outbox.Outbox
	number uint32 // of the next frame; guarded by out

	life
	signs

	drains chan *flight   // jobs with output to pass on, for a goroutine that is free
	others sync.WaitGroup // the client's goroutines, but for the drains

	mu      sync.Mutex // guards these, and a part of life
	flights map[uint64]*flight
	last    uint64 // number of the last job

	ending string // why the worker ends, as it says; the reader's own
}

// life is how far a worker has come. It passes these states from top to bottom, and may leave out ready and dismissed:
//
//	launched    the process runs; its setup is sent, on another machine once its hello has come
//	ready       it has answered the first ping; only on other machines, where Start waits for that
//	dismissed   bye is sent: it has Patience.Leave to end its jobs and itself
//	dead        the process is gone, and nothing more is read
//	over        the outcomes of its last jobs are reported, and its pool.Worker is Gone
type life struct {
	ready   chan struct{} // closed then
	isReady bool          // the reader's own
	dead    chan struct{} // closed then
	over    chan struct{} // closed then

	// Guarded by client.mu:
	bye     bool        // it is dismissed
	leaving *time.Timer // kills it when it takes too long to end
	gone    bool        // it is dead: no timer is set any more
}

// signs are what the runner knows of a worker that may be silent. Times are in nanoseconds.
type signs struct {
	heard  atomic.Bool  // a frame has come since the last beat
	words  atomic.Int64 // how many frames have come
	probed atomic.Int64 // when it was last pinged along with jobs
	asked  atomic.Int64 // when the ping without an answer was sent; 0: there is none
	paused atomic.Bool  // its jobs are suspended, and the runner is about to be
	silent atomic.Int64 // how long it had been silent when it was given up for that; 0: it was not
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

// Flush is part of pool.Client.
func (c *client) Flush() {
	if c.setup.Remote != nil {
		c.probe()
	}
	c.out.Flush()
}

// FlushSoon is part of pool.Client.
func (c *client) FlushSoon() { c.out.FlushSoon() }

// tell sends a frame now.
func (c *client) tell(k kind, body func([]byte) []byte) {
	c.send(k, body)
	c.out.Flush()
}

// tellNumber sends a frame with a number now.
func (c *client) tellNumber(k kind, n uint64) {
	c.tell(k, func(b []byte) []byte { return binary.AppendUvarint(b, n) })
}

// Send is part of pool.Client.
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
		go c.done(f) // not from here: the Pool is locked
		return
	}
	c.send(kindRun, func(b []byte) []byte { return appendJob(binary.AppendUvarint(b, t.ID), t.Attempt.Job) })
}

var errTooLarge = errors.New("its items are more than 512 MiB, too much for a worker: give it fewer (-n), or use --mode thread")

// Recall is part of pool.Client.
func (c *client) Recall(t *pool.Task) { c.tellNumber(kindRecall, t.ID) }

// Cancel is part of pool.Client. A worker that is stopped or stuck ends nothing: it is given up when it stays silent.
func (c *client) Cancel(t *pool.Task) {
	words := c.words.Load()
	c.tellNumber(kindCancel, t.ID)
	if c.patience.Cancel > 0 {
		c.ping()
		go c.awaitWord(words) // until there is one, or the worker is gone
	}
}

// Stop is part of pool.Client.
func (c *client) Stop() {
	c.tell(kindStop, nil)
	c.leave(c.patience.Leave)
}

// KillNow is part of pool.Client.
func (c *client) KillNow() {
	c.tell(kindKill, nil)
	const most = time.Second
	c.leave(most)
}

// Suspend makes the worker stop its jobs, before the runner stops itself.
func (c *client) Suspend() {
	c.paused.Store(true)
	c.tell(kindSuspend, nil)
	const most = 100 * time.Millisecond
	c.out.Await(most)
}

// Resume lets them continue.
func (c *client) Resume() {
	c.tell(kindResume, nil)
	c.paused.Store(false)
}

// Settle is part of pool.Client.
func (c *client) Settle() { c.tell(kindSettle, nil) }

// Dismiss is part of pool.Client.
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

// leave kills the worker if it is still there after this time.
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
