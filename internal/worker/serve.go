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
	"fanout/internal/outbox"
)

// Host runs a worker's jobs.
type Host interface {
	Run(ctx context.Context, j job.Job, out job.Output) job.Status
	Free() bool     // jobs start no processes: one that runs twice does no harm
	EndLeftovers()  // ends the leftovers of jobs
	Leftovers() int // counts them
	KillNow()       // ends the grace of what is being ended
	Suspend()       // stops all jobs
	Resume()        // lets them continue
	Close()         // is called after the last job
}

// ErrRunnerGone is the end of a worker whose runner has ended without dismissing it.
var ErrRunnerGone = errors.New("the runner is gone")

// ErrSilent is the end of a worker whose runner has been silent for too long.
var ErrSilent = errors.New("the runner is silent")

// Serve is a worker: it speaks the protocol on in and out, and lets the Host that newHost makes run the jobs, until the
// runner dismisses it, or ctx is done. When the runner goes away, it ends all jobs and their leftovers.
func Serve(ctx context.Context, in io.Reader, out io.Writer, hello Hello, newHost func(Setup) (Host, error)) error {
	s := &server{to: out, out: outbox.NewDirect(out), jobs: map[uint64]*assigned{}, gone: make(chan struct{})}
	s.work.L = &s.mu
	// Not a child of ctx: jobs that end with ctx must not be reported as stopped by the runner.
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer s.cancel()
	if _, err := io.WriteString(out, preface()); err != nil {
		return err
	}
	f := newFrames(in)
	if err := readPreface(f.r); err == io.EOF {
		return ErrRunnerGone
	} else if err != nil {
		return err
	}
	s.send(kindHello, func(b []byte) []byte { return encodeValue(b, hello) })
	s.flush()
	setup, err := readSetup(f)
	if err != nil {
		return err
	}
	if s.host, err = newHost(setup); err != nil {
		s.send(kindRefused, func(b []byte) []byte { return appendRefusal(b, err) })
		s.flush()
		return &RefusedError{Text: err.Error()}
	}
	return s.serve(ctx, f, setup)
}

// readSetup waits for the setup.
func readSetup(f *frames) (setup Setup, err error) {
	for {
		k, body, err := f.read()
		switch {
		case err == io.EOF:
			return setup, ErrRunnerGone
		case err != nil:
			return setup, err
		case k == kindPing: // what follows answers it
		case k == kindSetup:
			return setup, decodeValue(body, &setup)
		default:
			return setup, broken("kind %d instead of the setup", k)
		}
	}
}

// server is the worker's side of the protocol.
type server struct {
	host    Host
	free    bool
	threads int
	fresh   int             // jobs for which no slot was woken; the reader's own
	single  bool            // jobs can be cancelled one by one
	outputs [2]int          // as in Setup
	ctx     context.Context // of all jobs
	cancel  context.CancelFunc

	to     io.Writer
	out    *outbox.Direct // frames for to
	number uint32         // of the next frame; guarded by out

	mu    sync.Mutex // guards these
	work  sync.Cond  // wakes slots
	queue []*assigned
	jobs  map[uint64]*assigned // by the runner's number
	idle  []*assigned          // for reuse
	over  bool                 // no more jobs come

	heard     atomic.Bool // a frame has come since the last look
	suspended atomic.Bool // the runner has suspended all jobs

	held held // jobs that have ended well, and whose outcome is not reported yet

	ending sync.WaitGroup // waits for the ends of leftovers, and for listen
	leave  sync.Once
	gone   chan struct{} // closed when the runner is gone
}

// serve reads frames until the end, while the slots run jobs.
func (s *server) serve(ctx context.Context, f *frames, setup Setup) error {
	s.threads = setup.Threads
	s.free, s.single, s.outputs = s.host.Free(), setup.Cancels, setup.Outputs
	s.held.on = setup.Remote != nil && !s.free
	var slots sync.WaitGroup
	for i := range setup.Threads {
		slots.Go(func() { s.slot(setup.FirstSlot + i) })
	}
	// Nobody waits for the reader after a signal: nothing ends its read.
	read := make(chan error, 1)
	go func() { read <- s.read(f) }()
	var err error
	silent, unlisten := s.listen(setup.Remote)
	defer unlisten()
	select {
	case err = <-read:
	case err = <-silent:
	case <-ctx.Done():
		err = context.Cause(ctx)
		s.sayEnding(err)
	}
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	if err != nil {
		s.die()
	}
	s.work.Broadcast()
	slots.Wait()
	unlisten()
	s.releaseAll()
	s.ending.Wait()
	if err != nil {
		s.host.EndLeftovers()
	}
	left := s.host.Leftovers()
	s.host.Close()
	if setup.Remote != nil && err == nil && left > 0 {
		s.send(kindLeftovers, func(b []byte) []byte { return binary.AppendUvarint(b, uint64(left)) })
	}
	s.flush()
	return err
}

// listen sends an error when the runner of a worker on another machine is silent for too long: a network that is cut
// ends no connection. While jobs are suspended, so is the runner.
func (s *server) listen(remote *Remote) (silent <-chan error, end func()) {
	if remote == nil || remote.Silence == 0 {
		return nil, func() {}
	}
	cut, stop := make(chan error, 1), make(chan struct{})
	s.ending.Go(func() {
		const parts = 4
		tick := time.NewTicker(remote.Silence / parts)
		defer tick.Stop()
		for missed := 0; missed < parts; {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
			if missed++; s.heard.Swap(false) || s.suspended.Load() {
				missed = 0
			}
		}
		cut <- fmt.Errorf("%w, for %v", ErrSilent, remote.Silence)
	})
	return cut, sync.OnceFunc(func() { close(stop) })
}

// die ends all jobs, since nobody waits for them any more. First it lets nothing more out: a job that sees that the
// runner is gone ends as stopped, which a runner that is there after all must not hear.
func (s *server) die() {
	s.out.Close()
	s.leave.Do(func() { close(s.gone) })
	s.cancel()
}

// runnerGone reports whether the runner is gone.
func (s *server) runnerGone() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// read handles the runner's frames until it dismisses the worker.
func (s *server) read(f *frames) error {
	for {
		k, body, err := f.read()
		switch {
		case err == io.EOF:
			return ErrRunnerGone
		case err != nil:
			return err
		case k == kindBye:
			return nil
		}
		s.heard.Store(true)
		if err := s.obey(k, body); err != nil {
			return err
		}
		if s.fresh > 0 && !f.ready() {
			s.rouse()
		}
	}
}

// rouse wakes slots for the jobs that have come in one piece. If each job woke one, the outcomes of many short jobs
// would go out one by one.
func (s *server) rouse() {
	for range min(s.fresh, s.threads) {
		s.work.Signal()
	}
	s.fresh = 0
}

// obey handles one frame.
func (s *server) obey(k kind, body []byte) error {
	t := decoder{rest: string(body)}
	switch k {
	case kindRun:
		id, j := t.number(), t.job()
		if err := t.end(); err != nil {
			return err
		}
		s.assign(id, j)
		return nil
	case kindMore:
		id, n := t.number(), t.number()
		s.mu.Lock()
		if a := s.jobs[id]; a != nil {
			a.credit.give(int64(n))
		}
		s.mu.Unlock()
	case kindRecall:
		s.giveBack(t.number())
	case kindCancel:
		s.cancelJob(t.number())
	case kindStop:
		s.cancel()
		s.ending.Go(s.host.EndLeftovers)
		s.settle()
	case kindKill:
		s.host.KillNow()
	case kindSuspend:
		s.suspended.Store(true)
		s.host.Suspend()
	case kindResume:
		s.suspended.Store(false)
		s.host.Resume()
	case kindPing:
		s.send(kindPong, nil)
		s.flush()
	case kindSettle:
		s.settle()
	default:
		return broken("kind %d from the runner", k)
	}
	return t.end()
}

// send adds a frame to what goes out.
func (s *server) send(k kind, body func([]byte) []byte) {
	err := s.out.Add(func(b []byte) []byte {
		start := len(b)
		b = beginFrame(b, k)
		if body != nil {
			b = body(b)
		}
		endFrame(b, start, s.number)
		s.number++
		return b
	})
	if err != nil {
		s.die()
	}
}

// flush writes all that was sent.
func (s *server) flush() {
	if err := s.out.Flush(); err != nil {
		s.die()
	}
}
