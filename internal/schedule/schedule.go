// Package schedule runs jobs on slots: it pulls a job when a slot is free, hands
// it to the executor, and decides when no more are started. It knows nothing of
// processes.
package schedule

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"fanout/internal/job"

	"golang.org/x/time/rate"
)

// Spec says how many jobs run at a time, how fast they may start, and when to stop.
type Spec struct {
	Workers     int
	Delay       time.Duration // between the starts of two jobs
	Rate        float64       // jobs started a second; 0: no limit
	MaxFailures Limit         // after which the run is stopped; zero: never
	Soon        bool          // a stop lets running jobs end
}

// Executor runs one job. It never retries, reorders or judges success.
type Executor interface {
	Run(ctx context.Context, j job.Job, out job.Output) job.Status
}

// Collector takes what a job prints and how it ended. Each Start is followed by
// one Done for the same job, from the same goroutine.
type Collector interface {
	Start(j job.Job) job.Output
	Done(j job.Job, st job.Status)
}

// ErrFailures is the cause of a stop after too many failures.
var ErrFailures = errors.New("too many jobs failed")

// Jobs is where jobs come from. It ends early, even while it waits for input, when
// ctx is done.
type Jobs func(ctx context.Context) iter.Seq2[job.Job, error]

// Run runs all jobs and returns when every job that was pulled is done. The error
// is that of the jobs, or the cause of a stop: ErrFailures, or ctx's.
func Run(ctx context.Context, spec Spec, jobs Jobs, exec Executor, out Collector) error {
	ctx, stopJobs := context.WithCancelCause(ctx)
	defer stopJobs(nil)
	pulling, stopPulling := context.WithCancelCause(ctx)
	defer stopPulling(nil)
	next, end := iter.Pull2(jobs(pulling))
	defer end()
	s := &scheduler{
		spec: spec, exec: exec, out: out,
		stopJobs: stopJobs, stopPulling: stopPulling,
		next: next, limits: limiters(spec),
	}
	s.slots.Add(1)
	go s.slot(ctx, pulling, 1)
	s.slots.Wait()
	if s.err == nil {
		s.err = context.Cause(ctx)
	}
	return s.err
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
	spec  Spec
	exec  Executor
	out   Collector
	slots sync.WaitGroup

	stopJobs    context.CancelCauseFunc // ends running jobs
	stopPulling context.CancelCauseFunc // ends a wait for the next job

	// turn is held by the slot that waits for the next job. It is a mutex since that
	// spins for a moment: a channel hands over to a goroutine of the same P, which
	// goes into a fork next and keeps the other waiting. At 64 slots and tiny jobs,
	// a channel took 1.3 times as long.
	turn   sync.Mutex
	next   func() (job.Job, error, bool)
	limits []*rate.Limiter

	mu       sync.Mutex // guards the rest
	err      error      // why no more are pulled
	ended    bool
	finished int64
	failed   int64
}

// slot runs one job after the other. The first that finds a job starts the next
// slot, so that there are never many more slots than jobs.
func (s *scheduler) slot(ctx, pulling context.Context, number int) {
	defer s.slots.Done()
	for first := true; ; first = false {
		j, ok := s.pull(pulling)
		if !ok {
			return
		}
		if first && number < s.spec.Workers {
			s.slots.Add(1)
			go s.slot(ctx, pulling, number+1)
		}
		j.Slot = number
		s.run(ctx, j)
	}
}

// pull waits for a job and for the time at which it may start.
func (s *scheduler) pull(ctx context.Context) (job.Job, bool) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.over() || ctx.Err() != nil {
		return job.Job{}, false
	}
	j, err, ok := s.next()
	if err != nil || !ok {
		s.end(err)
		return j, false
	}
	for _, l := range s.limits {
		pause(ctx, l.Reserve().Delay())
	}
	return j, true
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

// over says that no more jobs are started.
func (s *scheduler) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *scheduler) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.err == nil {
		s.err = err
	}
}

func (s *scheduler) run(ctx context.Context, j job.Job) {
	out := s.out.Start(j)
	st := job.Status{End: job.Stopped}
	if ctx.Err() == nil && !s.stopped() {
		st = s.exec.Run(ctx, j, out)
	}
	s.out.Done(j, st)
	s.judge(st)
}

// stopped says that a stop rule has decided against starting more.
func (s *scheduler) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Is(s.err, ErrFailures)
}

// judge counts the outcome and applies the stop rule.
func (s *scheduler) judge(st job.Status) {
	s.mu.Lock()
	if st.End != job.Stopped {
		s.finished++
	}
	if st.Failed() {
		s.failed++
	}
	stop := s.spec.MaxFailures.reached(s.failed, s.finished)
	if stop {
		s.ended = true
		if s.err == nil {
			s.err = ErrFailures
		}
	}
	s.mu.Unlock()
	if stop {
		s.stopPulling(ErrFailures)
	}
	if stop && !s.spec.Soon {
		s.stopJobs(ErrFailures)
	}
}
