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
)

// Machine is what a worker has its jobs run by.
type Host interface {
	Run(ctx context.Context, j job.Job, out job.Output) job.Status
	Free() bool  // jobs start no processes: to run one twice does no harm
	EndOrphans() // ends all that jobs have left behind
	Left() int   // how many processes that is
	KillNow()    // ends the grace of what is being ended
	Suspend()    // stops all jobs
	Resume()     // has them go on
	Close()      // after the last job
}

// ErrLeft is the end of a worker whose runner has gone without a word.
var ErrLeft = errors.New("the runner has gone")

// ErrSilent is the end of a worker that has not heard of its runner for too long.
var ErrSilent = errors.New("nothing was heard of the runner")

// Serve speaks the protocol on in and out, and has jobs run by the host that newHost
// returns, until the runner says that no more come, or ctx is done. When the runner
// goes away all jobs are ended, with what they have left behind.
func Serve(ctx context.Context, in io.Reader, out io.Writer, hello Hello, newHost func(Setup) (Host, error)) error {
	s := &server{out: out, jobs: map[uint64]*assigned{}, gone: make(chan struct{})}
	s.work.L = &s.mu
	// Not ctx's: jobs that end with it must not be told of as stopped by the runner.
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer s.cancel()
	if _, err := io.WriteString(out, preface()); err != nil {
		return err
	}
	f := newFrames(in)
	if err := readPreface(f.r); err == io.EOF {
		return ErrLeft
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

func readSetup(f *frames) (setup Setup, err error) {
	for {
		k, body, err := f.read()
		switch {
		case err == io.EOF:
			return setup, ErrLeft
		case err != nil:
			return setup, err
		case k == kindPing: // it is answered by what follows
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
	fresh   int             // jobs that no slot was woken for; the reader's own
	single  bool            // jobs can be cancelled one by one
	outputs [2]int          // as in Setup
	ctx     context.Context // of all jobs
	cancel  context.CancelFunc

	outMu   sync.Mutex // guards these; what is added goes out with the next flush
	buf     []byte
	spare   []byte
	number  uint32
	writeMu sync.Mutex // held while writing; taken before outMu
	out     io.Writer

	mu    sync.Mutex // guards these
	work  sync.Cond  // for slots
	queue []*assigned
	jobs  map[uint64]*assigned // by the runner's number
	idle  []*assigned          // of jobs that have ended
	over  bool                 // no more come

	heard     atomic.Bool // a frame has come since it was last asked
	suspended atomic.Bool // the runner has stopped all jobs for now

	held held // jobs that have ended well, and are not said to be done

	ending sync.WaitGroup // of what jobs have left behind, and of who listens
	leave  sync.Once
	gone   chan struct{} // closed when nobody is there to be told
}

// assigned is a job that the runner has given us.
type assigned struct {
	id      uint64
	job     job.Job
	cancel  context.CancelFunc
	credit  credit
	outlets [2]given // of its standard output and standard error
}

// assign takes a job in. One that has ended gives it its place: made anew
// for each, 5,000 short jobs grew a worker from 2.5 MiB of its own to 3.4.
func (s *server) assign(id uint64, j job.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a *assigned
	if last := len(s.idle) - 1; last >= 0 {
		a, s.idle = s.idle[last], s.idle[:last]
	} else {
		a = &assigned{}
		for i, fd := range s.outputs {
			a.outlets[i] = given{outlet: outlet{s: s, a: a, number: byte(i)}, fd: fd}
		}
	}
	a.id, a.job, a.cancel, a.credit = id, j, nil, credit{left: window}
	for i := range a.outlets {
		a.outlets[i].held = a.outlets[i].held[:0] // of a job whose reader was given up
	}
	s.jobs[id] = a
	s.queue = append(s.queue, a)
	s.fresh++
}

// serve reads until the end, while the slots run jobs.
func (s *server) serve(ctx context.Context, f *frames, setup Setup) error {
	s.threads = setup.Threads
	s.free, s.single, s.outputs = s.host.Free(), setup.Cancels, setup.Outputs
	s.held.on = setup.Remote != nil && !s.free
	var slots sync.WaitGroup
	for i := range setup.Threads {
		slots.Go(func() { s.slot(setup.FirstSlot + i) })
	}
	// The reader is not waited for after a signal: nothing ends its read.
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
		s.host.EndOrphans()
	}
	left := s.host.Left()
	s.host.Close()
	if setup.Remote != nil && err == nil && left > 0 {
		s.send(kindLeft, func(b []byte) []byte { return binary.AppendUvarint(b, uint64(left)) })
	}
	s.flush()
	return err
}

// listen has an error sent when nothing was heard of the runner for longer than a far worker
// may be without: a network that is cut ends no connection. While jobs are suspended the
// slot is, too.
func (s *server) listen(far *Remote) (silent <-chan error, end func()) {
	if far == nil || far.Silence == 0 {
		return nil, func() {}
	}
	cut, stop := make(chan error, 1), make(chan struct{})
	s.ending.Go(func() {
		const parts = 4
		tick := time.NewTicker(far.Silence / parts)
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
		cut <- fmt.Errorf("%w, for %v", ErrSilent, far.Silence)
	})
	return cut, sync.OnceFunc(func() { close(stop) })
}

// die ends all jobs, for nobody waits for them any more.
func (s *server) die() {
	s.leave.Do(func() { close(s.gone) })
	s.cancel()
}

// left says that nobody is there to be told.
func (s *server) left() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// read obeys the runner until it says goodbye.
func (s *server) read(f *frames) error {
	for {
		k, body, err := f.read()
		switch {
		case err == io.EOF:
			return ErrLeft
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

// rouse has slots look for the jobs that have come in one piece. One by one, each of many
// short jobs would have its result sent alone.
func (s *server) rouse() {
	for range min(s.fresh, s.threads) {
		s.work.Signal()
	}
	s.fresh = 0
}

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
		s.ending.Go(s.host.EndOrphans)
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

// remove takes a job out of the queue, if it still is there. The lock is held.
func (s *server) remove(id uint64) *assigned {
	for i, a := range s.queue {
		if a.id == id {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			delete(s.jobs, id)
			return a
		}
	}
	return nil
}

func (s *server) giveBack(id uint64) {
	s.mu.Lock()
	a := s.remove(id)
	s.mu.Unlock()
	if a != nil {
		s.send(kindReturned, func(b []byte) []byte { return binary.AppendUvarint(b, id) })
		s.flush()
	}
}

func (s *server) cancelJob(id uint64) {
	s.mu.Lock()
	a := s.remove(id)
	var cancel context.CancelFunc
	if running := s.jobs[id]; running != nil {
		cancel = running.cancel
	}
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if a != nil {
		s.done(a, job.Status{Outcome: job.Stopped})
		s.flush()
	}
}

// slot runs one job after the other.
func (s *server) slot(number int) {
	for {
		a, ctx := s.next()
		if a == nil {
			return
		}
		a.job.Slot = number
		st := job.Status{Outcome: job.Stopped}
		if ctx.Err() == nil {
			st = s.run(ctx, a)
		}
		if a.cancel != nil {
			a.cancel()
		}
		s.done(a, st)
	}
}

func (s *server) run(ctx context.Context, a *assigned) job.Status {
	if !s.free {
		// The runner must know before the job does anything, so that it is not run
		// once more when this worker dies.
		s.send(kindStarted, func(b []byte) []byte { return binary.AppendUvarint(b, a.id) })
		s.flush()
		if s.left() {
			return job.Status{Outcome: job.Stopped}
		}
	}
	st := s.host.Run(ctx, a.job, a.output())
	if st.NoRoom {
		return s.awaitRoom(ctx, a, st)
	}
	return st
}

// awaitRoom runs a job for which the system had no room. Whether other workers have jobs whose end
// would make some is not known here: a while is enough.
func (s *server) awaitRoom(ctx context.Context, a *assigned, st job.Status) job.Status {
	const often, most = 50 * time.Millisecond, 10 * time.Second
	for began := time.Now(); st.NoRoom && time.Since(began) <= most; {
		select {
		case <-time.After(often):
		case <-ctx.Done():
			return job.Status{Outcome: job.Stopped}
		}
		st = s.host.Run(ctx, a.job, a.output())
	}
	return st
}

// next waits for a job. What was said until now goes out before that.
func (s *server) next() (*assigned, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 {
		s.mu.Unlock()
		s.flush()
		s.mu.Lock()
		if len(s.queue) > 0 {
			break
		}
		if s.over {
			return nil, nil
		}
		s.work.Wait()
	}
	a := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	ctx := s.ctx
	if s.single {
		ctx, a.cancel = context.WithCancel(s.ctx)
	}
	return a, ctx
}

func (s *server) done(a *assigned, st job.Status) {
	id := a.id
	s.mu.Lock()
	delete(s.jobs, id)
	a.job = job.Job{}
	s.idle = append(s.idle, a)
	s.mu.Unlock()
	if s.held.on && st.OK() {
		s.hold(id, st)
		return
	}
	s.held.note(st)
	s.send(kindDone, func(b []byte) []byte { return appendStatus(binary.AppendUvarint(b, id), st) })
}

// plenty is how much may wait to go out with something more urgent.
const plenty = 32 << 10

// send adds a frame to what goes out.
func (s *server) send(k kind, body func([]byte) []byte) {
	s.outMu.Lock()
	start := len(s.buf)
	s.buf = beginFrame(s.buf, k)
	if body != nil {
		s.buf = body(s.buf)
	}
	endFrame(s.buf, start, s.number)
	s.number++
	full := len(s.buf) >= plenty
	s.outMu.Unlock()
	if full {
		s.flush()
	}
}

// flush writes all that was added.
func (s *server) flush() {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	s.outMu.Lock()
	out := s.buf
	s.buf, s.spare = s.spare[:0], nil
	s.outMu.Unlock()
	if len(out) > 0 && !s.left() {
		if _, err := s.out.Write(out); err != nil {
			s.die()
		}
	}
	if cap(out) <= 4*plenty {
		s.outMu.Lock()
		s.spare = out[:0]
		s.outMu.Unlock()
	}
}
