package run

import (
	"context"
	"fmt"
	"iter"
	"os"

	"fanout/internal/job"
	"fanout/internal/plan"
	"fanout/internal/progress"
	"fanout/internal/sink"
)

// openScreen lets all that goes to the terminal scroll above the bars, if there are any.
func (r *Run) openScreen() error {
	if r.plan.Progress.Mode != progress.Bars {
		return nil
	}
	same := sameFile(r.io.Stdout, r.io.Stderr)
	r.learn(func(f *plan.Facts) { f.SharedTerminal = same })
	if r.plan.Progress.Mode != progress.Bars {
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

// closeScreen removes the bars.
func (r *Run) closeScreen() {
	if r.screen != nil {
		r.io.Say.Close()
		r.screen.Close()
	}
}

// ShowedBars reports whether there were bars, in whose place something should stay.
func (r *Run) ShowedBars() bool { return r.screen != nil && r.screen.Drawn() }

// progressSources returns where the numbers of the progress come from.
func (r *Run) progressSources() progress.Sources {
	return progress.Sources{Running: r.rows, Begun: r.begun, Count: r.countJobs(), Skipped: r.skippedJobs}
}

// begun returns how many jobs run, and how many wait for a worker, or for room for their processes. ok is false where
// all jobs that were started run.
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

// running returns the jobs that run now.
func (r *Run) running() []job.Running {
	if p := r.pool.Load(); p != nil {
		return p.Running()
	}
	if r.local == nil {
		return nil
	}
	return r.local.Running()
}

// rows returns the jobs that run now for the screen, each by its slot or its worker.
func (r *Run) rows() (all []progress.Running) {
	for _, now := range r.running() {
		row := progress.Running{Slot: now.Worker, Label: at(now.Host, label(now.Job)), For: now.For, Attempt: now.Job.Attempt}
		if now.Worker == 0 {
			row.Slot = now.Job.Slot
		}
		all = append(all, row)
	}
	return all
}

// at returns a text with the name of the machine that it is about.
func at(host, text string) string {
	if host == "" {
		return text
	}
	return host + ": " + text
}

// label returns the item of a job, or the first of several.
func label(j job.Job) string {
	if n := len(j.Items); n > 1 {
		return fmt.Sprintf("%s and %d more", j.Label(), n-1)
	}
	return j.Label()
}

// skippedJobs returns how many jobs an earlier run has done; 0 for batches, where that is unknown.
func (r *Run) skippedJobs() int64 {
	if r.records.journal == nil || r.plan.Template.Batch != 1 {
		return 0
	}
	return r.records.journal.LeftOut()
}

// countJobs returns what counts the jobs of the whole input; nil where nothing can.
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

// counted passes jobs on, and tells the progress how many there were at the end.
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

// wholeBatches warns once of a batch with fewer items than COMMAND names.
func wholeBatches(jobs iter.Seq2[job.Job, error], named int, warn func(string)) iter.Seq2[job.Job, error] {
	if named == 0 {
		return jobs
	}
	return func(yield func(job.Job, error) bool) {
		told := false
		for j, err := range jobs {
			if n := len(j.Items); err == nil && j.Err() == nil && n < named && !told {
				told = true
				warn(fmt.Sprintf("job %d has %d of the %d items that COMMAND names: %s in it", j.Seq(), n, named, emptyFrom(n+1, named)))
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

// emptyFrom says which items of a batch are empty: {first} and the later ones, up to {last}.
func emptyFrom(first, last int) string {
	switch last - first {
	case 0:
		return fmt.Sprintf("{%d} is empty", first)
	case 1:
		return fmt.Sprintf("{%d} and {%d} are empty", first, last)
	default:
		return fmt.Sprintf("{%d} to {%d} are empty", first, last)
	}
}
