// Package run makes a [Run] of a plan: it opens what the plan names, resolves the plan by the facts that it finds,
// wires the stages, and runs the jobs. It also owns what spans the stages: the registry's entry, the deadline and the
// drain, the answer to USR1, what a stop waits for ([Resort]), and what is taken back of persistent programs' replies.
// [Tracked] is the run of one command under fanout track.
package run

import (
	"context"
	"errors"
	"iter"
	"os"
	"slices"
	"sync/atomic"

	"fanout/internal/collect"
	"fanout/internal/execute"
	"fanout/internal/input"
	"fanout/internal/job"
	"fanout/internal/plan"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/progress"
	"fanout/internal/remote"
	"fanout/internal/schedule"
	"fanout/internal/sink"
	"fanout/internal/template"
)

// IO is the standard files of a run.
type IO struct {
	Stdin, Stdout, Stderr *os.File

	Say    *sink.Messages // for fanout's own messages, to Stderr
	Resort *Resort        // nil: there is none
}

// Run is a run that is ready to begin.
type Run struct {
	asked plan.Plan
	facts plan.Facts // that are known so far
	plan  plan.Plan  // what asked and facts resolve to
	io    IO
	tmpl  *template.Template
	exec  schedule.Executor
	sup   *process.Supervisor
	local *execute.Local // the executor, unless it is a dry run
	in    source
	out   *os.File // standard output, or the file for it
	clock schedule.Clock

	short  atomic.Bool // jobs wait for room
	scarce bool        // there is little room for processes and threads

	newPool func(fail func(error)) (*pool.Pool, error) // nil: jobs run in this process
	remote  *remote.Session                            // nil: jobs run on this machine
	pool    atomic.Pointer[pool.Pool]                  // nil until the run has begun
	drain   drain
	outLock *os.File // of -o FILE
	cut     bool     // the run was stopped before all items were read

	progress *progress.Progress
	screen   *progress.Screen // the terminal, while it has bars
	records  records

	phase     atomic.Pointer[string]            // what the run waits for, if nothing else is known
	collector atomic.Pointer[collect.Collector] // nil until the run has begun
	unwatch   func()                            // ends the last resort's watch
	deadline  deadline
	notes     []string // for the user
}

// source is where items come from: the input or, for several runs with the same items, a sample of it.
type source interface {
	Items(ctx context.Context) iter.Seq2[job.Item, error]
	Schema(ctx context.Context) (input.Schema, error)
	Names(ctx context.Context) ([]string, error)
	Use(picked []string, highest int)
	Counter() *input.Counter
	Notes() []string
	Reading() []string
	Streams() bool
	Close() error
}

// New prepares everything that can fail before the first job: it compiles the template, finds the programs, and opens
// the input. Where the first rows name the fields, it waits for them, but no longer than ctx.
func New(ctx context.Context, p plan.Plan, std IO) (*Run, error) {
	return newRun(ctx, p, std, nil)
}

// NewOf is New for a run of an open sample.
func NewOf(ctx context.Context, p plan.Plan, std IO, sample *input.Sample) (*Run, error) {
	return newRun(ctx, p, std, sample)
}

func newRun(ctx context.Context, p plan.Plan, std IO, in source) (*Run, error) {
	if err := p.Check(); err != nil {
		return nil, &UsageError{err}
	}
	r := &Run{asked: p, io: std, out: std.Stdout, in: in, drain: drain{asked: make(chan struct{})}}
	var err error
	if r.plan, err = plan.Resolve(p, r.facts); err != nil {
		return nil, err
	}
	r.at("its own end")
	r.io.Resort.Allow(p.Process.Grace, remoteGrace(&p))
	defer r.io.Resort.Watch(beginning{})()
	r.deadline = startDeadline(&r.clock, p.Schedule.Deadline, r.io.Resort.Stop)
	ctx, end := r.deadline.limit(ctx)
	defer end()
	if err := r.ready(ctx); err != nil {
		r.closeScreen()
		r.deadline.cancel()
		return nil, err
	}
	r.unwatch = r.io.Resort.Watch(r)
	return r, nil
}

// learn adds to the facts, and resolves the plan anew.
func (r *Run) learn(add func(*plan.Facts)) {
	add(&r.facts)
	r.plan, _ = plan.Resolve(r.asked, r.facts) // it has not failed in newRun
}

// UsageError is a COMMAND or a combination of flags that cannot work.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Starts reports whether jobs start processes, and whether the first process of each is a shell.
func (r *Run) Starts() (processes, shells bool) {
	return r.local != nil && r.local.StartsProcesses(), r.local != nil && r.local.StartsShells()
}

// HasProcesses reports whether the run starts processes on this machine.
func (r *Run) HasProcesses() bool {
	return r.local != nil && (r.local.StartsProcesses() || r.newPool != nil)
}

// Lacks returns what the system does not let the run have.
func (r *Run) Lacks() []process.Lack { return r.sup.Lacks() }

// Warnings returns what the user should know before the run.
func (r *Run) Warnings() []string {
	all := slices.Concat(r.tmpl.Warnings(), r.notes)
	if r.tmpl.Counts() && r.in.Streams() {
		all = append(all, "{##}: no job starts before the input ends, because each job is told how many there are")
	}
	if r.records.journal != nil {
		all = append(all, r.records.journal.Notes()...)
	}
	return all
}

// Notes returns what the user should know of the input after the run.
func (r *Run) Notes() []string { return r.in.Notes() }

// jobs is the flow's first half: items become jobs.
func (r *Run) jobs(ctx context.Context) iter.Seq2[job.Job, error] {
	jobs := wholeBatches(r.tmpl.Jobs(r.records.pick(r.in.Items(ctx))), r.tmpl.Named(), r.warn)
	if r.tmpl.Counts() {
		jobs = withTotal(jobs, r.skippedJobs)
	}
	return r.counted(jobs)
}

// Do runs the jobs. The error is what ended the run early or went wrong with it. Failed jobs are not an error: the
// summary tells of them.
func (r *Run) Do(ctx context.Context) (*sink.Summary, error) {
	summary := &sink.Summary{}
	defer r.unwatch()
	defer r.in.Close()
	defer process.LeaveCgroups()
	defer r.sup.Close()
	defer r.deadline.cancel()
	ctx, end := r.deadline.limit(ctx)
	defer end()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { r.stopping(context.Cause(ctx)) })()

	defer r.closeScreen()
	stdout, stderr, err := r.files()
	if err != nil {
		return summary, err
	}
	defer stdout.Close()
	defer stderr.Close()
	hooks := collect.Hooks{
		OnError:   cancel,
		OnFull:    r.warnFull,
		Observers: []func(*job.Event){summary.Observe, r.progress.Observe},
	}
	if p := r.plan.Log; p.On {
		hooks.Observers = append(hooks.Observers, sink.Log(r.io.Say, p.Level, p.JSON))
	}
	r.records.addTo(&hooks, summary)
	c := collect.New(r.collectSpec(), stdout, stderr, hooks)
	r.collector.Store(c)
	defer r.report(c.Wake)()
	hideProgress := r.progress.Show(c.Wake, r.io.Say, r.screen)
	unwatch := watchReader(stdout, cancel)
	unhook := context.AfterFunc(ctx, func() {
		if !ownStop(context.Cause(ctx)) {
			c.Doubt() // the end of the reader, or of workers, may be the first sign of a signal to all processes
		}
		c.Stop()
	})
	ended := r.endLeftoversWith(ctx)

	r.at("jobs to end")
	err = r.schedule(ctx, cancel, c)
	r.at("leftovers of jobs to end")
	summary.SetLeftovers(r.endLeftovers(ended, err))

	r.at("output to be written")
	writeErr := c.Close()
	hideProgress() // now that it knows of all jobs
	if r.cut {
		summary.SetCutShort(r.plan.Journal.Path != "")
	}
	r.at("what is kept of jobs to be on the disk")
	journalErr := r.records.close(summary)
	r.at("its own end")
	if err == nil && (errors.Is(writeErr, sink.ErrStopped) || c.InDoubt() > 0) {
		err = context.Cause(ctx) // it came while the last output waited for its reader, or just after the last job
	}
	if unhook() {
		c.Stop() // it only ends the watch, now that everything is written
	}
	unwatch()
	if errors.Is(err, schedule.ErrFailures) {
		err = nil
	}
	err = r.howToGoOn(err)
	if !errors.Is(err, writeErr) && !errors.Is(err, sink.ErrReaderGone) {
		err = errors.Join(err, writeErr)
	}
	err = joined(err, journalErr)
	if r.out != r.io.Stdout {
		err = errors.Join(err, r.out.Close())
		r.outLock.Close()
	}
	return summary, err
}
