package run

import (
	"fmt"
	"strings"
	"time"

	"fanout/internal/job"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/text"
)

// beginning is the Activity before there is a Run.
type beginning struct{}

// These are part of Activity.
func (beginning) Waits() []string { return []string{"the files of the run to be opened"} }

func (beginning) Moved() int64 { return 0 }

func (beginning) Abort() {}

// stopping is called when a stop is asked for, or becomes necessary.
func (r *Run) stopping(cause error) {
	r.io.Say.Stop()
	if r.screen != nil {
		r.screen.Stop()
	}
	r.io.Resort.Stop(cause)
}

// remoteGrace returns how much longer the end of jobs on other machines may take: lost connections are given up, and
// leftovers cleaned up.
func remoteGrace(p *plan.Plan) time.Duration {
	const most = 30 * time.Second
	if !p.IsRemote() {
		return 0
	}
	return most
}

// at notes what the run waits for from now on, if nothing else is known.
func (r *Run) at(phase string) { r.phase.Store(&phase) }

// FirstFailure returns the outcome of the first job that has failed; nil: none has.
func (r *Run) FirstFailure() *job.Status { return r.progress.FirstFailure() }

// Waits is part of Activity.
func (r *Run) Waits() (all []string) {
	if c := r.collector.Load(); c != nil {
		all = c.Waits()
	}
	if j := r.records.journal; j != nil && j.Writer != nil && j.Busy() {
		all = append(all, "writing the journal "+text.Name(r.plan.Journal.Path))
	}
	if r.records.keeping.Load() {
		all = append(all, "writing the results of a job")
	}
	if r.in != nil {
		for _, name := range r.in.Reading() {
			all = append(all, "reading "+name)
		}
	}
	if r.sup != nil {
		jobs, workers := named(r.sup.Living())
		if all = append(all, jobs...); len(all) == 0 {
			all = workers // otherwise they only wait for the rest
		}
	}
	if len(all) == 0 {
		all = []string{*r.phase.Load()}
	}
	return all
}

// named names processes by their job IDs: RUN.SEQ.ATTEMPT for a job, RUN.wWORKER.N for a worker, RUN.pWORKER.N for a
// persistent program.
func named(living []process.Living) (jobs, workers []string) {
	const most = 5
	for _, l := range living {
		text := fmt.Sprintf("process %d", l.Pid)
		parts := strings.Split(l.JobID, ".")
		if len(parts) == 3 && strings.Trim(parts[1], "0123456789") == "" {
			jobs = append(jobs, text+" (job "+parts[1]+")")
			continue
		}
		if len(parts) == 3 {
			text += " (worker " + strings.TrimLeft(parts[1], "wp") + ")"
		}
		workers = append(workers, text)
	}
	few := func(all []string) []string {
		if more := len(all) - most; more > 0 {
			all = append(all[:most], fmt.Sprintf("%d more", more))
		}
		return all
	}
	return few(jobs), few(workers)
}

// Moved is part of Activity.
func (r *Run) Moved() (moved int64) {
	if c := r.collector.Load(); c != nil {
		moved = c.Moved()
	}
	if r.progress != nil {
		moved += r.progress.Done()
	}
	return moved + r.io.Say.Moved()
}

// Abort is part of Activity.
func (r *Run) Abort() {
	r.io.Say.Stop()
	if r.screen != nil {
		r.screen.Stop()
	}
	if c := r.collector.Load(); c != nil {
		c.Stop()
	}
	if r.sup != nil {
		r.sup.Abort()
	}
}
