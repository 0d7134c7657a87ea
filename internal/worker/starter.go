package worker

import (
	"context"
	"io"
	"time"

	"fanout/internal/outbox"
	"fanout/internal/pool"
)

// Launcher starts processes that become workers. It alone knows where workers run.
type Launcher interface {
	// Launch starts the fanout worker of this number on this host, and gives up when ctx is done. The user sees what
	// the worker writes to its standard error.
	Launch(ctx context.Context, number int, host string) (Link, error)
}

// Link is the connection to a process that was launched. Read and Write are its standard output and input; Close ends
// its standard input.
type Link interface {
	io.ReadWriteCloser
	Dismiss()       // its end is wanted: what its jobs leave then may stay
	Kill()          // ends it, and all that it has started
	Lossless() bool // reports whether all that the worker has written can be read after its death
	Wait() error    // returns how it has ended, when nothing is left of it; nil: with exit status 0
}

// Starter starts workers for a Pool. It is a [pool.Starter].
type Starter struct {
	Launcher Launcher
	Setup    Setup // without what differs from worker to worker
	Free     bool  // jobs start no processes: one that runs twice does no harm
	Requeues bool  // a job goes to another worker unless it is known to have begun
	Patience Patience
	Warn     func(text string) // tells the user of a silent worker; nil: nobody does

	NamesHosts bool // workers on other machines are called by their host's name, and not as their machine calls itself
}

// Patience says how long the runner waits for a worker.
type Patience struct {
	Beat   time.Duration // between two pings
	Missed int           // how many beats may pass without a frame
	Leave  time.Duration // how long it may take to end its jobs and itself
	Cancel time.Duration // how long it may be silent after Cancel; 0: as long as otherwise
}

// Start is part of pool.Starter.
func (s *Starter) Start(w *pool.Worker) (pool.Client, error) {
	link, err := s.Launcher.Launch(w.Context(), w.Number, w.Host)
	if err != nil {
		return nil, err
	}
	c := &client{
		worker: w, link: link, setup: s.Setup, namesHosts: s.NamesHosts, twice: s.Free || s.Requeues, patience: s.Patience, warn: s.Warn,
		out:     outbox.New(),
		flights: map[uint64]*flight{},
		drains:  make(chan *flight),
		life:    life{ready: make(chan struct{}), dead: make(chan struct{}), over: make(chan struct{})},
	}
	c.out.Add(func(b []byte) []byte { return append(b, preface()...) })
	if s.Setup.Remote != nil {
		c.out.Flush()
		go c.run() // until it calls Gone
		c.await(w.Context())
		return c, nil
	}
	c.setUp()
	go c.run()
	return c, nil
}

// setUp tells the worker what all jobs have in common.
func (c *client) setUp() {
	c.setup.Number, c.setup.FirstSlot = c.worker.Number, c.worker.FirstSlot
	c.tell(kindSetup, func(b []byte) []byte { return encodeValue(b, c.setup) })
}

// await waits until a worker on another machine can work, or is gone. Until then others get the jobs.
func (c *client) await(ctx context.Context) {
	select {
	case <-c.ready:
	case <-c.over:
	case <-ctx.Done():
		c.link.Kill()
		<-c.over
	}
}

// met handles the hello of a worker on another machine, which says how many jobs it can run.
func (c *client) met(h Hello) {
	remote := *c.setup.Remote
	if remote.Host = h.Host; c.namesHosts {
		remote.Host = c.worker.Host
	}
	c.worker.Machine = remote.Host
	c.setup.Remote = &remote
	if c.worker.FirstSlot == 0 {
		c.worker.Slots(max(1, h.CPUs))
	}
	c.setup.Threads = c.worker.Threads()
	c.setUp()
	c.ping()
}
