package run

import (
	"fmt"
	"sync"
	"sync/atomic"

	"fanout/internal/collect"
	"fanout/internal/job"
	"fanout/internal/persistent"
	"fanout/internal/sink"
)

// takenBack is what nobody can trust any more of the replies of persistent programs.
type takenBack struct {
	any atomic.Bool

	mu      sync.Mutex
	why     map[int]error // by the number of the program
	replies persistent.Replies
	inDoubt map[int]persistent.Replies // by program: jobs that are in doubt because of a stop
}

// takeBack makes the jobs lost that these programs have answered. It tells the journal at once: this run may be killed
// before its end.
func (r *Run) takeBack(replies persistent.Replies, why error) error {
	t := &r.records.taken
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.why == nil {
		t.why = map[int]error{}
	}
	for _, program := range replies.Programs {
		t.why[program] = why
	}
	t.replies.Join(replies)
	t.any.Store(true)
	r.progress.TakeBack(replies.Jobs)
	if j := r.records.journal; j != nil {
		return j.TakeBack(replies.Programs, why)
	}
	return nil
}

// doubt makes a job lost whose reply was taken back before the job was reported.
func (t *takenBack) doubt(d *job.Finished) {
	if d.Status.Program == 0 || !t.any.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if why := t.why[d.Status.Program]; why != nil && d.Status.OK() {
		d.Status.Outcome, d.Status.Err = job.Lost, why
	}
}

// leave notes that a job is in doubt for another reason, and counted for that.
func (t *takenBack) leave(d *job.Finished) {
	if d.Status.Program == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inDoubt == nil {
		t.inDoubt = map[int]persistent.Replies{}
	}
	r := t.inDoubt[d.Status.Program]
	r.Add(d.Job)
	t.inDoubt[d.Status.Program] = r
}

// addTo lets the hooks see that jobs are lost.
func (t *takenBack) addTo(hooks *collect.Hooks) {
	if keep := hooks.Keep; keep != nil {
		hooks.Keep = func(d *job.Finished, out [2]sink.Printed) error {
			t.doubt(d)
			return keep(d, out)
		}
	}
	if write := hooks.Write; write != nil {
		hooks.Write = func(d *job.Finished, out [2]sink.Printed, f *sink.File) error {
			t.doubt(d)
			return write(d, out, f)
		}
	}
}

// end corrects, at the end of the run, what was reported otherwise.
func (t *takenBack) end(results []*sink.Results, summary *sink.Summary) error {
	if !t.any.Load() {
		return nil
	}
	jobs, later := t.replies.Jobs, t.replies.Later
	for program := range t.why {
		jobs -= t.inDoubt[program].Jobs
		later -= t.inDoubt[program].Later
	}
	summary.TakeBack(jobs, later)
	for _, r := range results {
		if err := r.TakeBack(t.why, t.replies.First, t.replies.Last); err != nil {
			return fmt.Errorf("%w; results of lost jobs may still say that they succeeded", err)
		}
	}
	return nil
}
