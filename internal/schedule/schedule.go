// Package schedule runs jobs on slots. [Run] pulls a job when a slot is free and hands it to the [Executor]; [RunPool]
// hands it to the workers of a [Pool]. Both decide whether a failed job is retried and when no more jobs start, and
// tell the [Collector] how each job ended. The package knows nothing of processes.
//
// retry.go has the table of what becomes of a job that fails.
package schedule

import (
	"context"
	"errors"
	"iter"
	"time"

	"fanout/internal/job"
)

// Spec says how many jobs run at a time, how fast they may start, how long they may take, how often they are tried, and
// when to stop.
type Spec struct {
	Slots       int           // how many slots there are
	Delay       time.Duration // between two starts
	Rate        float64       // starts a second; 0: no limit
	Timeout     time.Duration // for each attempt at a job; 0: no limit
	Deadline    time.Duration // for the run, which its owner cancels with ErrDeadline; 0: none
	Retries     int           // how often a failed job is retried
	RetryDelay  time.Duration // before the first retry; later ones wait longer
	MaxFailures Limit         // after which the run is stopped; zero: never
	Soon        bool          // a stop lets running jobs finish
	AtMostOnce  bool          // a job whose worker was lost is not retried
	Clock       *Clock        // for timeouts and retries; nil: one of the run's own
	NoRoom      func(error)   // called when the first job waits since the system has no room for it; may be nil

	Stopping func() // called when a rule stops running jobs; may be nil
	Cut      func() // called at the end if a stop came, as far as is known, before the last job was pulled; may be nil

	// Drain is closed to let running jobs finish and start no more. What is left is counted, and the error of the run
	// is a *Drained.
	Drain <-chan struct{}
}

// Executor runs one job. It never retries, reorders or judges success.
type Executor interface {
	Run(ctx context.Context, j job.Job, out job.Output) job.Status
}

// Pool runs jobs on workers, many at a time. It never retries, reorders or judges success either. Its methods return at
// once.
type Pool interface {
	Submit(t *job.Attempt)
	Cancel(t *job.Attempt) // ends a job that has begun, unless it is Done; it is then Done as Stopped
	Halt()                 // lets no more jobs begin: those that have not are Done as Stopped
	Stop()                 // ends all jobs, as Cancel does
	Depth() int            // how many jobs it wants to have at the moment, at most Spec.Slots
	Settle()               // makes all jobs Done that it has, which all have Ended
	Busy() int             // how many jobs can run at the same time
	OnGrowth(f func())     // sets what is called when Depth has grown though no job is done
}

// Collector takes what a job prints and how it ended. One Done or Retry for the same job follows each Start. After a
// Retry comes the Start of the next attempt, maybe on another slot; or Abandon, which is the Done of a job that is not
// retried after all. A next attempt that a pool was given and that never began ends in Unstart and Abandon instead.
type Collector interface {
	Await(j job.Job) // returns when there is room for one more job, or attempt
	Start(j job.Job) job.Output
	Ended(j job.Job) // it has printed all, and Done or Retry follows in a moment
	Begun(j job.Job) // the next attempt has begun: what the last one has left is dropped
	Unstart(j job.Job)
	Retry(j job.Job, st job.Status)
	Abandon(j job.Job, st job.Status)
	Done(j job.Job, st job.Status)
}

// The causes of a stop, and of the end of an attempt.
var (
	ErrFailures = errors.New("too many jobs failed")
	ErrDeadline = errors.New("the deadline has passed")
	ErrTimeout  = errors.New("the job has timed out")
)

// Jobs is where jobs come from. When ctx is done it ends early, even while it waits for input.
type Jobs func(ctx context.Context) iter.Seq2[job.Job, error]

// Run runs all jobs and returns when every job that was pulled is done. The error is that of the jobs, or the cause of
// a stop: ErrFailures, or ctx's.
func Run(ctx context.Context, spec Spec, jobs Jobs, exec Executor, out Collector) error {
	s := &scheduler{spec: spec, exec: exec, out: out}
	return s.run(ctx, jobs, func() { s.slot(1) })
}

// RunPool is Run with the workers of a pool, which has at most Spec.Slots jobs at a time.
func RunPool(ctx context.Context, spec Spec, jobs Jobs, pool Pool, out Collector) error {
	s := &scheduler{spec: spec, pool: pool, out: out, attempts: make([]*job.Attempt, spec.Slots+1)}
	return s.run(ctx, jobs, s.feed)
}
