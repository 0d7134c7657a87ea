// Package run wires the stages together, and does nothing else.
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
	"fanout/internal/persistent"
	"fanout/internal/plan"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/progress"
	"fanout/internal/registry"
	"fanout/internal/remote"
	"fanout/internal/schedule"
	"fanout/internal/sink"
	"fanout/internal/template"
	"fanout/internal/template/words"
	"fanout/internal/text"
)

// IO is the standard files of the run.
type IO struct {
	Stdin, Stdout, Stderr *os.File

	Say    *sink.Messages // for fanout's own words, to Stderr
	Resort *Resort        // is told of stops; nil: there is none
}

// Run is a run that is ready to begin.
type Run struct {
	plan  plan.Plan
	io    IO
	tmpl  *template.Template
	exec  schedule.Executor
	sup   *process.Supervisor
	local *execute.Local // the executor, when jobs really run
	in    source
	out   *os.File // standard output, or the file for it
	clock schedule.Clock

	short  atomic.Bool // jobs wait for room
	scarce bool        // there is little room for processes and threads

	newPool func(fail func(error)) (*pool.Pool, error) // nil: jobs run in this process
	backend remote.Backend                             // nil: jobs run on this machine
	died    *hostNames                                 // where its workers have died
	offered *hostNames                                 // where workers may have been
	pool    atomic.Pointer[pool.Pool]                  // once the run has begun
	drain   drain
	outLock *os.File // of -o FILE
	cut     bool     // the run was stopped before all jobs were known

	progress *progress.Progress
	screen   *progress.Screen // the terminal, while it has bars
	records  records

	phase     atomic.Pointer[string]            // what is waited for, if nothing else is
	collector atomic.Pointer[collect.Collector] // once the run has begun
	unwatch   func()                            // ends the last resort's watch
	late      context.Context                   // done when the deadline has passed
	undate    func()                            // gives up the deadline
	notes     []string                          // for the user
}

// source is where items are from: the input or, for runs that are to have the same, a sample
// of it.
type source interface {
	Items(ctx context.Context) iter.Seq2[job.Item, error]
	Schema(ctx context.Context) (input.Schema, error)
	Use(picked []string, highest int)
	Counter() *input.Counter
	Notes() []string
	Reading() []string
	Close() error
}

// New makes everything ready that can fail before the first job: it compiles the
// template, finds the programs, and opens the input. Where the first rows say what the
// fields are called, it waits for them, but not longer than ctx.
func New(ctx context.Context, p plan.Plan, std IO) (*Run, error) {
	return newRun(ctx, p, std, nil)
}

// NewOf is New for a run of a sample that is open.
func NewOf(ctx context.Context, p plan.Plan, std IO, sample *input.Sample) (*Run, error) {
	return newRun(ctx, p, std, sample)
}

func newRun(ctx context.Context, p plan.Plan, std IO, in source) (*Run, error) {
	if err := p.Check(); err != nil {
		return nil, &UsageError{err}
	}
	r := &Run{plan: p, io: std, out: std.Stdout, in: in, drain: drain{asked: make(chan struct{})}}
	r.at("its own end")
	r.io.Resort.Allow(p.Process.Grace, r.remoteGrace())
	defer r.io.Resort.Watch(beginning{})()
	r.setDeadline()
	ctx, end := r.untilDeadline(ctx)
	defer end()
	if err := r.ready(ctx); err != nil {
		r.closeScreen()
		r.undate()
		return nil, err
	}
	r.unwatch = r.io.Resort.Watch(r)
	return r, nil
}

// ready is New.
func (r *Run) ready(ctx context.Context) (err error) {
	p := &r.plan
	if err = r.openScreen(); err != nil {
		return err
	}
	if p.Input.Format.Rows() {
		if err = r.learnRows(ctx); err != nil {
			return err
		}
	}
	if r.tmpl, err = template.Compile(r.plan.Template); err != nil {
		return &UsageError{err}
	}
	if p.Process.Memory > 0 && !p.IsRemote() {
		if err = process.CannotSeeMemory(); err != nil {
			return err
		}
	}
	if p.Process.Memory > 0 {
		process.TakeCgroup() // without one, jobs are watched
	}
	if r.sup, err = process.NewSupervisor(ownProcesses(*p)); err != nil {
		return err
	}
	if err = r.prepare(ctx); err != nil {
		return err
	}
	if p.Input.Format.Rows() {
		r.in.Use(r.tmpl.Picked(), r.tmpl.Highest())
	} else if err = r.open(); err != nil {
		return err
	}
	if err = r.apart(); err != nil {
		return err
	}
	r.progress = progress.New(p.Progress, r.progressSources())
	return r.openRecords(ctx)
}

// open opens the input, if it was not given.
func (r *Run) open() error {
	if r.in != nil {
		return nil
	}
	in, err := input.Open(r.plan.Input, r.io.Stdin)
	if err != nil {
		return err
	}
	r.in = in
	return nil
}

// learnRows opens the input and finds out what the fields of its rows are called, which
// COMMAND needs to know.
func (r *Run) learnRows(ctx context.Context) (err error) {
	if err = r.open(); err != nil {
		return err
	}
	s, err := r.in.Schema(ctx)
	if err != nil {
		return err
	}
	r.plan.Template.Rows = &words.Rows{Names: s.Names, Width: s.Width, Pick: s.Pick, Any: !s.Known}
	return nil
}

// UsageError is a COMMAND or a combination of flags that cannot work.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// prepare makes the executor.
func (r *Run) prepare(ctx context.Context) (err error) {
	p := &r.plan
	if p.DryRun {
		shell := "bash"
		if len(p.Execute.Shell) > 0 {
			shell = p.Execute.Shell[0]
		}
		r.exec = execute.DryRun{Template: r.tmpl, Shell: shell}
		p.Schedule = schedule.Spec{Workers: 1}
		p.Collect.Instant, p.Collect.Retries = true, 0
		return nil
	}
	if r.local, err = execute.NewLocal(p.Execute, r.tmpl, p.Template.Limits, r.sup); err != nil {
		return err
	}
	r.exec = r.local
	if p.Execute.ShellForced && !p.IsRemote() && r.local.StartsShells() {
		if err = execute.TryShell(ctx, p.Execute, r.sup); err != nil {
			return shellError(err)
		}
	}
	p.Collect.Instant = !r.local.StartsProcesses()
	switch {
	case p.IsRemote():
		return r.prepareBackend()
	case p.Persistent:
		return r.preparePrograms()
	case p.Mode == plan.Process:
		return r.prepareWorkers()
	}
	if p.Collect.Instant {
		return nil
	}
	return r.prepareProcess()
}

// shellError tells a shell that is none for scripts from one that could not be started.
func shellError(err error) error {
	var wrong *execute.ShellError
	var command *execute.CommandError
	if errors.As(err, &wrong) || errors.As(err, &command) {
		return &UsageError{err}
	}
	return err
}

// Starts says whether jobs start processes, and whether the first of each is a shell.
func (r *Run) Starts() (processes, shells bool) {
	return r.local != nil && r.local.StartsProcesses(), r.local != nil && r.local.StartsShells()
}

// HasProcesses says that the run starts any, here.
func (r *Run) HasProcesses() bool {
	return r.local != nil && (r.local.StartsProcesses() || r.newPool != nil)
}

// Lacks is what the system does not let the run have.
func (r *Run) Lacks() []process.Lack { return r.sup.Lacks() }

// Warnings is what the user should know before the run.
func (r *Run) Warnings() []string {
	all := slices.Concat(r.tmpl.Warnings(), r.notes)
	if r.records.journal != nil {
		all = append(all, r.records.journal.Notes()...)
	}
	return all
}

// Notes is what the user should know after the run, of the input.
func (r *Run) Notes() []string { return r.in.Notes() }

// jobs is the flow's first half: items become jobs.
func (r *Run) jobs(ctx context.Context) iter.Seq2[job.Job, error] {
	return r.counted(r.wholeBatches(r.tmpl.Jobs(r.records.pick(r.in.Items(ctx)))))
}

// Do runs the jobs. The error is what ended the run early or went wrong with it,
// not that jobs have failed: the summary tells that.
func (r *Run) Do(ctx context.Context) (*sink.Summary, error) {
	summary := &sink.Summary{}
	defer r.unwatch()
	defer r.in.Close()
	defer process.LeaveCgroups()
	defer r.sup.Close()
	defer r.undate()
	ctx, end := r.untilDeadline(ctx)
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
	defer r.register(c.Wake)()
	endTelling := r.tellOften(c.Wake)
	hideProgress := r.showProgress(c.Wake)
	unwatch := watchReader(stdout, cancel)
	unhook := context.AfterFunc(ctx, func() {
		if !ownStop(context.Cause(ctx)) {
			c.Doubt() // the end of our reader, or of workers, may be the first that is seen of the end of all
		}
		c.Stop()
	})
	ended := r.endOrphansWith(ctx)

	r.at("jobs to end")
	err = r.schedule(ctx, cancel, c)
	r.at("processes to end that jobs have left behind")
	summary.SetLeftovers(r.endOrphans(ended, err))

	endTelling()
	r.at("output to be written")
	writeErr := c.Close()
	hideProgress() // now that it has been told of all
	r.tellRest(summary)
	r.at("what is kept of jobs to be on the disk")
	journalErr := r.records.close(summary)
	r.at("its own end")
	if err == nil && (errors.Is(writeErr, sink.ErrStopped) || c.InDoubt() > 0) {
		err = context.Cause(ctx) // the end came while the last output was waiting for its reader, or just after the last job
	}
	if unhook() {
		c.Stop() // no more than the end of the watch, now that everything is written
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

// ownStop says that fanout has decided by itself to stop the run.
func ownStop(cause error) bool {
	var outOfStep *persistent.OutOfStepError
	return errors.Is(cause, schedule.ErrDeadline) || errors.As(cause, &outOfStep)
}

func (r *Run) collectSpec() collect.Spec {
	spec := r.plan.Collect
	spec.Null = r.sup.Null()
	if r.plan.Persistent || r.local != nil && r.local.StartsProcesses() {
		spec.Hold = job.Doubt
	}
	spec.TmpName = registry.TmpName(r.plan.Execute.RunID)
	spec.Whole = len(r.records.results) > 0 || r.records.folded || r.records.json != nil && !r.records.json.Bare
	return spec
}

func (r *Run) scheduleSpec() schedule.Spec {
	spec := r.plan.Schedule
	spec.Clock = &r.clock
	spec.Stopping = func() { r.io.Resort.Stop(schedule.ErrFailures) }
	spec.Cut = func() { r.cut = true }
	spec.Drain = r.drain.asked
	spec.NoRoom = r.warnNoRoom
	return spec
}

func (r *Run) files() (stdout, stderr *sink.File, err error) {
	name := "standard output"
	if r.out != r.io.Stdout {
		name = text.Name(r.out.Name())
	}
	if stdout, err = sink.NewFile(int(r.out.Fd()), name); err != nil {
		return nil, nil, err
	}
	stderr, err = sink.NewFile(int(r.io.Stderr.Fd()), "standard error")
	return stdout, stderr, err
}

// warnFull is called by a slot, which has a job to look after.
func (r *Run) warnFull(why error) {
	if !r.plan.Quiet {
		text.Line(r.io.Say.Hasty(), "jobs wait for their turn to write: %v", why)
	}
}

// watchReader ends the run when nobody reads its output any more. The function
// that it returns waits for the end of the watch, after the file was stopped.
func watchReader(f *sink.File, cancel context.CancelCauseFunc) (wait func()) {
	if !f.CanLoseReader() {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if f.AwaitReaderGone() {
			cancel(sink.ErrReaderGone)
		}
	}()
	return func() { <-ended }
}
