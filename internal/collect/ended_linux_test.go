package collect

import (
	"io"
	"testing"

	"fanout/internal/job"
)

// TestEnded: a job that has ended has its turn before jobs that end after it, though it is done after them. A job that is
// retried after all keeps nobody waiting, and does not count.
func TestEnded(t *testing.T) {
	for _, spec := range []Spec{{Slots: 4}, {Slots: 4, KeepOrder: true}, {Slots: 4, Whole: true}} {
		w := newWorld(t, spec, false)
		jobs := map[int64]job.Job{}
		for seq := range int64(4) {
			j := newJob(seq+1, int(seq+1), "x")
			jobs[seq+1] = j
			out := w.Start(j)
			io.WriteString(out.Stdout, string(rune('0'+j.Index)))
		}
		w.Ended(jobs[1])
		w.Ended(jobs[2])
		w.Done(jobs[3], job.Status{Code: 1})
		w.Retry(jobs[2], job.Status{Outcome: job.Lost})
		w.Ended(jobs[4])
		if n := w.backlog.Load(); n != 0 && !spec.KeepOrder {
			t.Errorf("%+v: %d jobs are on their way, which all wait for the first", spec, n)
		}
		w.Done(jobs[1], job.Status{})
		again := jobs[2]
		again.Attempt++
		out := w.Start(again)
		w.Begun(again)
		io.WriteString(out.Stdout, "two")
		w.Ended(again)
		w.Done(again, job.Status{})
		w.Done(jobs[4], job.Status{})
		want := "134two"
		if spec.KeepOrder {
			want = "1two34"
		}
		if out, _ := w.finish(); out != want {
			t.Errorf("%+v: %q, not %q", spec, out, want)
		}
	}
}
