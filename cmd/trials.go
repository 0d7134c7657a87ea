package cmd

import (
	"context"
	"os"
	"runtime"
	"time"

	"fanout/internal/bench"
	"fanout/internal/input"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/progress"
	"fanout/internal/run"
	"fanout/internal/schedule"
	"fanout/internal/sink"
)

// trials runs a plan many times. It is a [bench.Runner].
type trials struct {
	plan    plan.Plan
	sample  *input.Sample
	current *lateRun
	stdin   *os.File
	null    *os.File
	say     *sink.Messages // to null
	resort  *run.Resort

	starts   struct{ processes, shells bool } // what a job starts
	left     string                           // a message about leftovers of the last run
	failed   *sink.Summary                    // of the first run in which a job failed
	failedIn string                           // its setting
}

func (t *trials) open() (err error) {
	t.null, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	t.say = sink.NewMessages(t.null)
	return err
}

func (t *trials) close() {
	t.say.Close()
	t.null.Close()
}

// Run runs some items with a setting.
func (t *trials) Run(ctx context.Context, s bench.Setting, items int) (bench.Took, error) {
	p := t.plan
	if !p.Persistent {
		p.Mode = plan.Thread
		if s.Mode == "process" {
			p.Mode = plan.Process
		}
	}
	p.Threads, p.Schedule.Slots, p.WorkersGiven = s.Threads, s.Workers, true
	took, summary, err := t.run(ctx, p, items)
	if summary != nil {
		t.left = summary.StillRunning()
	}
	if summary != nil && summary.Failed() > 0 && t.failed == nil {
		t.failed, t.failedIn = summary, s.String()
	}
	return took, err
}

// Start measures how long it takes to start what a job starts.
func (t *trials) Start(ctx context.Context) (time.Duration, error) {
	const often = 50
	p := t.plan
	if p.Persistent || !t.starts.processes {
		return 0, nil
	}
	if t.starts.shells {
		p.Template.Command = append(append([]string{}, p.Execute.Shell...), "-c", ":")
	} else {
		name, err := process.LookPath("true", process.SearchPath(), "")
		if err != nil {
			return 0, nil // it cannot be measured
		}
		p.Template.Command = []string{name, "{}"}
	}
	p.Template.Batch, p.Template.Pipe, p.Template.Commands = 1, false, false
	p.Schedule = schedule.Spec{Slots: 1}
	p.Mode, p.Threads = plan.Thread, 1
	least := time.Duration(0)
	for range 3 { // the fastest counts: nothing else was in the way
		took, _, err := t.run(ctx, p, often)
		if err != nil {
			return 0, err
		}
		if one := took.Wall / time.Duration(max(1, took.Jobs)); least == 0 || one < least {
			least = one
		}
	}
	return least, nil
}

// run runs the first items of the sample.
func (t *trials) run(ctx context.Context, p plan.Plan, items int) (took bench.Took, summary *sink.Summary, err error) {
	p.Quiet, p.Out = true, ""
	p.Progress.Mode = progress.None
	p.Schedule.MaxFailures, p.Schedule.Deadline = schedule.Limit{}, 0 // a run must not stop early
	if p, err = plan.Resolve(p, facts(p)); err != nil {
		return took, nil, err
	}
	runtime.SetDefaultGOMAXPROCS() // as it is before a run
	r, err := run.NewOf(ctx, p, run.IO{Stdin: t.stdin, Stdout: t.null, Stderr: t.null, Say: t.say, Resort: t.resort}, t.sample)
	if err != nil {
		return took, nil, err
	}
	t.current.run.Store(r)
	t.starts.processes, t.starts.shells = r.Starts()
	// reading items must not count as time of jobs
	if took.Items, err = t.sample.Fill(ctx, items); err != nil {
		return took, nil, err
	}
	before, began := process.CPUTime(), time.Now()
	summary, err = r.Do(ctx)
	took.Wall, took.CPU = time.Since(began), process.CPUTime()-before
	took.Jobs, took.Failed = int(summary.Jobs()), int(summary.Failed())
	return took, summary, err
}
