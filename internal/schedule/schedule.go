// Package schedule runs jobs on slots: it pulls a job when a slot is free, hands
// it to the executor, decides whether it is tried again, and when no more are started. It
// knows nothing of processes.
package schedule

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"

	"golang.org/x/time/rate"
)

// Spec says how many jobs run at a time, how fast they may start, how long they may
// take, how often they are tried, and when to stop.
type Spec struct {
	Workers     int
	Delay       time.Duration // between two starts
	Rate        float64       // starts a second; 0: no limit
	Timeout     time.Duration // for each try of a job; 0: no limit
	Deadline    time.Duration // for the run, which its owner cancels with ErrDeadline; 0: none
	Retries     int           // how often a job that fails is tried again
	RetryDelay  time.Duration // before the first retry; later ones wait longer
	MaxFailures Limit         // after which the run is stopped; zero: never
	Soon        bool          // a stop lets running jobs end
	AtMostOnce  bool          // a job whose worker was lost is not tried again
	Clock       *Clock        // that timeouts and retries go by; nil: one of its own
	NoRoom      func(error)   // is told why the first job waits that the system has no room for; nil: nobody is

	Stopping func() // is called when a rule stops running jobs; nil: nobody wants to know
	Cut      func() // is called at the end, when a stop came before the last job was pulled, as far as is known; nil: the same

	// Drain, when it is closed, lets running jobs end and starts no more. What is left is counted, and
	// the error of the run is a *Drained.
	Drain <-chan struct{}
}

// Executor runs one job. It never retries, reorders or judges success.
type Executor interface {
	Run(ctx context.Context, j job.Job, out job.Output) job.Status
}

// Pool runs jobs on workers, many at a time. It never retries, reorders or judges
// success either. Its methods return at once.
type Pool interface {
	Submit(t *job.Attempt)
	Cancel(t *job.Attempt) // ends a job that has begun, which is then Done as Stopped; one that is Done already is let be
	Halt()                 // lets no more jobs begin: those that have not are Done as Stopped
	Stop()                 // ends all jobs, as Cancel does
	Depth() int            // how many jobs it wants to have at the moment, at most Spec.Workers
	Settle()               // all jobs that it has have Ended: they are to be Done now
	Busy() int             // how many of these can run at the same time
	OnGrowth(f func())     // f is to be called when Depth has grown though no job is done
}

// Collector takes what a job prints and how it ended. Each Start is followed by
// one Done or Retry for the same job. After a Retry comes
// the Start of the next try, maybe on another slot, or Abandon, which is the Done
// of a job that is not tried again after all. A next try that a pool was given and that
// never began ends in Unstart and Abandon instead.
type Collector interface {
	Await(j job.Job) // returns when there is room for one more job, or try
	Start(j job.Job) job.Output
	Ended(j job.Job) // it has printed all, and Done, or Retry, follows in a moment
	Begun(j job.Job) // what the last try has left is nobody's from now on
	Unstart(j job.Job)
	Retry(j job.Job, st job.Status)
	Abandon(j job.Job, st job.Status)
	Done(j job.Job, st job.Status)
}

// The causes of a stop, and of the end of a try.
var (
	ErrFailures = errors.New("too many jobs failed")
	ErrDeadline = errors.New("the deadline has passed")
	ErrTimeout  = errors.New("the job has timed out")
)

// Jobs is where jobs come from. It ends early, even while it waits for input, when
// ctx is done.
type Jobs func(ctx context.Context) iter.Seq2[job.Job, error]

// Run runs all jobs and returns when every job that was pulled is done. The error
// is that of the jobs, or the cause of a stop: ErrFailures, or ctx's.
func Run(ctx context.Context, spec Spec, jobs Jobs, exec Executor, out Collector) error {
	s := &scheduler{spec: spec, exec: exec, out: out}
	return s.do(ctx, jobs, func() { s.slot(1) })
}

// RunPool is Run with the workers of a pool, which has Spec.Workers jobs at most.
func RunPool(ctx context.Context, spec Spec, jobs Jobs, pool Pool, out Collector) error {
	s := &scheduler{spec: spec, pool: pool, out: out, attempts: make([]*job.Attempt, spec.Workers+1)}
	return s.do(ctx, jobs, s.feed)
}

func (s *scheduler) do(ctx context.Context, jobs Jobs, first func()) error {
	ctx, stopJobs := context.WithCancelCause(ctx)
	defer stopJobs(nil)
	pulling, stopPulling := context.WithCancelCause(ctx)
	defer stopPulling(nil)
	next, end := iter.Pull2(jobs(pulling))
	defer end()
	s.ctx, s.pulling, s.stopJobs, s.stopPulling = ctx, pulling, stopJobs, stopPulling
	s.pacing, s.stopPacing = context.WithCancel(pulling)
	defer s.stopPacing()
	s.next, s.limits = next, limiters(s.spec)
	s.free, s.pending.later = newNumbers(s.spec.Workers), map[*retry]struct{}{}
	s.pending.last = map[int64]job.Status{}
	if s.clock = s.spec.Clock; s.clock == nil {
		s.clock = &Clock{}
	}
	s.freed.L, s.fewer.L = &s.mu, &s.mu
	s.short.turn, s.short.ended = make(chan struct{}, 1), make(chan struct{}, s.spec.Workers)
	unhook := context.AfterFunc(pulling, s.abandon)
	defer unhook()
	if s.pool != nil {
		s.pool.OnGrowth(s.grown)
		defer context.AfterFunc(ctx, s.pool.Stop)()
	}
	endDrain := s.watchDrain()
	s.slots.Go(first)
	s.slots.Wait()
	endDrain()
	if s.cutShort() && s.spec.Cut != nil {
		s.spec.Cut()
	}
	return s.outcome()
}

// cutShort says that there may be jobs that were never pulled, since the run was stopped.
func (s *scheduler) cutShort() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stopped := s.err == nil && s.ctx.Err() != nil || errors.Is(s.err, ErrFailures)
	return stopped && !s.emptied && !s.drain.asked
}

// outcome is the error of the run, when all jobs are done.
func (s *scheduler) outcome() error {
	s.mu.Lock() // against a stop that comes this late
	defer s.mu.Unlock()
	cause := context.Cause(s.ctx)
	switch {
	case s.err != nil:
		return s.err
	case errors.Is(cause, ErrDeadline) && s.emptied && !s.cut:
		return nil // all was done before it
	case cause == nil && s.drain.asked:
		return s.drained()
	default:
		return cause
	}
}

func limiters(spec Spec) []*rate.Limiter {
	var limits []*rate.Limiter
	if spec.Delay > 0 {
		limits = append(limits, rate.NewLimiter(rate.Every(spec.Delay), 1))
	}
	if spec.Rate > 0 {
		// Timers are coarser than high rates: ten milliseconds' worth may be caught up.
		limits = append(limits, rate.NewLimiter(rate.Limit(spec.Rate), max(1, int(spec.Rate/100))))
	}
	return limits
}

type scheduler struct {
	spec     Spec
	exec     Executor // nil with a pool
	pool     Pool
	attempts []*job.Attempt // with a pool, by slot
	out      Collector
	clock    *Clock
	slots    sync.WaitGroup // what runs jobs, what is with the pool, and what waits to be tried again

	ctx         context.Context         // of running jobs
	pulling     context.Context         // of the wait for the next
	stopJobs    context.CancelCauseFunc // ends ctx
	stopPulling context.CancelCauseFunc // ends pulling
	pacing      context.Context         // of the wait for the time at which a try may start
	stopPacing  context.CancelFunc

	// turn is held by the slot that waits for the next job. It is a mutex since that
	// spins for a moment: a channel hands over to a goroutine of the same P, which
	// goes into a fork next and keeps the other waiting. At 64 slots and tiny jobs,
	// a channel took 1.3 times as long.
	turn   sync.Mutex
	next   func() (job.Job, error, bool)
	pulled atomic.Int64 // written with the turn only
	limits []*rate.Limiter

	decided atomic.Bool // a stop rule is against starting more
	short   shortage
	holds   atomic.Bool // there are, or were, jobs that had ended and were not done

	mu       sync.Mutex // guards the rest
	err      error      // why no more are pulled
	ended    bool
	emptied  bool // all jobs were pulled
	cut      bool // a job was stopped, or not tried again since the run was
	finished int64
	failed   int64
	free     numbers
	taken    int       // how many of the numbers are not free
	held     int       // of these, how many are of jobs that have ended and are not done
	freed    sync.Cond // a number is free
	pending  pending
	fewer    sync.Cond // retries wait
	drain    drain
}

// slot runs one job after the other. The first that finds a job starts the next
// slot, so that there are never many more slots than jobs. With retries it has a
// number only while it runs one: a retry can have it while no more jobs come in.
func (s *scheduler) slot(nth int) {
	for first := true; ; first = false {
		j, ok := s.pull()
		if !ok {
			return
		}
		if first && nth < s.spec.Workers {
			s.slots.Go(func() { s.slot(nth + 1) })
		}
		j.Slot = nth
		if s.spec.Retries > 0 {
			s.out.Await(j) // not with the number: the job that all wait for may wait for one
			j.Slot = s.take()
		}
		s.follow(s.start(j))
	}
}

// pull waits for a job and for the time at which it may start.
func (s *scheduler) pull() (job.Job, bool) {
	if s.decided.Load() {
		return job.Job{}, false
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.decided.Load() || s.over() || s.pulling.Err() != nil {
		return job.Job{}, false
	}
	j, err, ok := s.next()
	if s.decided.Load() && s.drains() {
		s.pulledLate(j, err, ok)
		return j, false
	}
	if err != nil || !ok {
		s.end(err)
		return j, false
	}
	s.pulled.Store(s.pulled.Load() + 1)
	s.pace()
	return j, true
}

// pace waits until another try may start.
func (s *scheduler) pace() {
	for _, l := range s.limits {
		pause(s.pacing, l.Reserve().Delay())
	}
}

// pause waits, but not longer than ctx: the job is pulled by then, and will be
// done as stopped. Limiter.Wait would not wait at all for what is after ctx's deadline.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// over says that no more jobs are started. It waits while too many are to be tried
// again.
func (s *scheduler) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.pending.count() >= pendingMax {
		s.fewer.Wait()
	}
	return s.ended
}

func (s *scheduler) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.emptied = err == nil && s.pulling.Err() == nil
	if s.err == nil {
		s.err = err
	}
}

// take waits for a slot.
func (s *scheduler) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if n := s.takeNow(); n > 0 {
			return n
		}
		s.freed.Wait()
	}
}

// takeNow is called with the lock held. It returns 0 when there is no slot.
func (s *scheduler) takeNow() int {
	if s.pool != nil && s.room() <= 0 && s.pulling.Err() == nil {
		return 0
	}
	n := s.free.take()
	if n > 0 {
		s.taken++
	}
	return n
}

// give is called with the lock held.
func (s *scheduler) give(slot int) {
	s.free.give(slot)
	s.taken--
	if s.pool == nil || s.room() >= s.wakeAt() {
		s.freed.Signal()
	}
}

// start runs a try, and returns the retry that has its slot after it. With a pool
// that is another's business.
func (s *scheduler) start(j job.Job) *retry {
	out := s.out.Start(j)
	if s.ctx.Err() != nil || s.decided.Load() {
		return s.settle(j, &job.Status{Outcome: job.Stopped, Unused: true})
	}
	if err := j.Err(); err != nil {
		return s.settle(j, &job.Status{Outcome: job.NotStarted, Err: err})
	}
	if s.pool != nil {
		s.submit(j, out)
		return nil
	}
	if j.Attempt > 1 {
		s.out.Begun(j)
	}
	var st job.Status
	s.attempt(&j, out, &st)
	next := s.settle(j, &st)
	s.madeRoom(&st)
	return next
}

func (s *scheduler) timed(j job.Job, out job.Output) job.Status {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	alarm := s.clock.AfterFunc(s.spec.Timeout, func() { cancel(ErrTimeout) })
	defer alarm.Stop()
	st := s.exec.Run(ctx, j, out)
	if st.Outcome == job.Stopped && context.Cause(ctx) == ErrTimeout {
		st.Outcome, st.Limit = job.TimedOut, s.spec.Timeout
	}
	return st
}

// settle hands on how a try ended, and returns the retry that has its slot next.
func (s *scheduler) settle(j job.Job, st *job.Status) *retry {
	if j.Attempt > 1 {
		if last := s.lastOf(j.Index); st.Unused {
			return s.fallBack(j, last)
		}
	}
	if s.again(&j, st) {
		s.out.Retry(j, *st)
		return s.postpone(j, *st)
	}
	s.out.Done(j, *st)
	return s.judge(&j, st)
}

// judge counts the outcome, applies the stop rule, and gives the slot away.
func (s *scheduler) judge(j *job.Job, st *job.Status) *retry {
	s.mu.Lock()
	s.settled(j, st)
	s.cut = s.cut || !st.OK() && s.ctx.Err() != nil
	if st.Outcome != job.Stopped {
		s.finished++
	}
	if st.Failed() {
		s.failed++
	}
	stop := s.spec.MaxFailures.reached(s.failed, s.finished+int64(s.held))
	if stop {
		s.decided.Store(true)
		s.ended = true
		if s.err == nil {
			s.err = ErrFailures
		}
	}
	next := s.release(j.Slot)
	s.mu.Unlock()
	if !stop {
		return next
	}
	s.stopPulling(ErrFailures)
	switch {
	case !s.spec.Soon:
		s.stopJobs(ErrFailures)
		if s.spec.Stopping != nil {
			s.spec.Stopping()
		}
	case s.pool != nil:
		s.pool.Halt()
	}
	return next
}
