package run

import (
	"context"
	"fmt"
	"iter"
	"os"

	"fanout/internal/collect"
	"fanout/internal/job"
	"fanout/internal/progress"
	"fanout/internal/sink"
)

// openScreen has all that goes to the terminal scroll above the bars, if there are to be any.
func (r *Run) openScreen() error {
	if r.plan.DryRun {
		r.plan.Progress.Mode = progress.None
	}
	if r.plan.Progress.Mode != progress.Bars {
		return nil
	}
	same := sameFile(r.io.Stdout, r.io.Stderr)
	if same && r.plan.Collect.Mode == collect.Raw && r.plan.Out == "" {
		r.plan.Progress.Mode = progress.None // jobs write to the terminal themselves
		return nil
	}
	var err error
	if r.screen, err = progress.NewScreen(r.io.Stderr); err != nil {
		return err
	}
	if same {
		r.io.Stdout, r.out = r.screen.Pipe(), r.screen.Pipe()
	}
	r.io.Stderr = r.screen.Pipe()
	r.io.Say = sink.NewMessages(r.io.Stderr)
	return nil
}

func sameFile(a, b *os.File) bool {
	one, err := a.Stat()
	if err != nil {
		return false
	}
	other, err := b.Stat()
	return err == nil && os.SameFile(one, other)
}

// closeScreen takes the bars away.
func (r *Run) closeScreen() {
	if r.screen != nil {
		r.io.Say.Close()
		r.screen.Close()
	}
}

// ShowedBars says that there were bars, in whose place something is to be left.
func (r *Run) ShowedBars() bool { return r.screen != nil && r.screen.Drawn() }

// progressSources is where the numbers are from.
func (r *Run) progressSources() progress.Sources {
	return progress.Sources{Running: r.running, Begun: r.begun, Count: r.countJobs(), Skipped: r.skippedJobs}
}

// begun is how many jobs run, and how many wait for a worker, or for room for their processes. ok is
// false where all that were started run.
func (r *Run) begun() (running, waiting int, ok bool) {
	if p := r.pool.Load(); p != nil {
		running, waiting = p.Counts()
		return running, waiting, true
	}
	if !r.short.Load() {
		return 0, 0, false
	}
	running = len(r.local.Running())
	return running, max(0, int(r.progress.Started()-r.progress.Done())-running), true
}

// running is the jobs that run now.
func (r *Run) running() (all []progress.Running) {
	if p := r.pool.Load(); p != nil {
		for _, now := range p.Running() {
			all = append(all, progress.Running{Slot: now.Worker, Label: at(now.Host, label(now.Job)), For: now.For, Attempt: now.Job.Attempt})
		}
		return all
	}
	if r.local == nil {
		return nil
	}
	for _, now := range r.local.Running() {
		all = append(all, progress.Running{Slot: now.Job.Slot, Label: label(now.Job), For: now.For, Attempt: now.Job.Attempt})
	}
	return all
}

// at is text about something on a machine.
func at(host, text string) string {
	if host == "" {
		return text
	}
	return host + ": " + text
}

// label is the item of a job, or the first of several.
func label(j job.Job) string {
	if n := len(j.Items); n > 1 {
		return fmt.Sprintf("%s and %d more", j.Label(), n-1)
	}
	return j.Label()
}

// skippedJobs is how many jobs an earlier run has done. Of batches that is not known.
func (r *Run) skippedJobs() int64 {
	if r.records.journal == nil || r.plan.Template.Batch != 1 {
		return 0
	}
	return r.records.journal.LeftOut()
}

// countJobs is a way to find out how many jobs there will be; nil when there is none.
func (r *Run) countJobs() func(context.Context) (int64, bool) {
	batch := int64(r.plan.Template.Batch)
	resumes := r.plan.Journal.Resume || r.plan.Journal.Failed
	if r.plan.Progress.Mode == progress.None || r.plan.Template.Filled() || resumes && batch != 1 {
		return nil
	}
	counter := r.in.Counter()
	if counter == nil {
		return nil
	}
	return func(ctx context.Context) (int64, bool) {
		defer counter.Close()
		n, ok := counter.Count(ctx)
		return (n + batch - 1) / batch, ok
	}
}

// counted passes jobs on, and tells how many there were when there are no more.
func (r *Run) counted(jobs iter.Seq2[job.Job, error]) iter.Seq2[job.Job, error] {
	if r.plan.Progress.Mode == progress.None {
		return jobs
	}
	return func(yield func(job.Job, error) bool) {
		n := int64(0)
		for j, err := range jobs {
			n++
			if !yield(j, err) || err != nil {
				return
			}
		}
		r.progress.SetTotal(n + r.skippedJobs())
	}
}

// wholeBatches says of a batch that it has fewer items than COMMAND names.
func (r *Run) wholeBatches(jobs iter.Seq2[job.Job, error]) iter.Seq2[job.Job, error] {
	named := r.tmpl.Named()
	if named == 0 {
		return jobs
	}
	return func(yield func(job.Job, error) bool) {
		told := false
		for j, err := range jobs {
			if n := len(j.Items); err == nil && j.Err() == nil && n < named && !told {
				told = true
				r.warn(fmt.Sprintf("job %d has %d of the %d items that COMMAND names: {%d} is empty in it", j.Seq(), n, named, n+1))
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

// showProgress shows it until the function that it returns is called.
func (r *Run) showProgress(tell func()) (hide func()) {
	return r.progress.Show(tell, r.io.Say, r.screen)
}
