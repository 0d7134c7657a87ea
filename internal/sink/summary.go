package sink

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"fanout/internal/job"
	"fanout/internal/text"
)

// Summary counts outcomes and keeps the first failures. Observe is called for one event at a time.
type Summary struct {
	counts    [job.NumOutcomes]int64 // of jobs that are not ok, by outcome
	ok        int64
	okLater   int64       // jobs of ok that had failed before
	doubt     int64       // successes that a stop may have cut short
	held      int64       // jobs whose output a leftover process held open
	leftovers int         // processes that still run
	discarded int64       // lost jobs that had succeeded, until their replies were discarded
	skipped   int64       // items that an earlier run has done
	strange   int64       // items that were skipped since its journal does not have them
	missing   int64       // items that failed there and are not in the input
	rest      string      // what became of items that no job was made of
	attempts  int64       // at all jobs
	failures  []job.Event // the first few
}

// How much of a failure is shown.
const (
	lineMax   = 200 // bytes of a line
	tailLines = 3   // of standard error
)

// keepFailures is how many failures are shown one by one.
const keepFailures = 10

// Observe takes an event.
func (s *Summary) Observe(ev *job.Event) {
	if ev.Kind != job.Done {
		return
	}
	s.attempts += int64(max(1, ev.Job.Attempt))
	if ev.Status.Held {
		s.held++
	}
	if ev.Status.OK() {
		s.ok++
		if ev.Job.Attempt > 1 {
			s.okLater++
		}
		return
	}
	s.counts[ev.Status.Outcome]++
	if ev.Status.Failed() && len(s.failures) < keepFailures {
		s.failures = append(s.failures, *ev)
	}
}

// Doubt recounts a success that is in doubt, since a stop has followed it within a moment.
func (s *Summary) Doubt(d *job.Finished) {
	s.doubt++
	s.ok--
	if d.Job.Attempt > 1 {
		s.okLater--
	}
}

// SetLeftovers sets how many processes that jobs have started still run.
func (s *Summary) SetLeftovers(processes int) { s.leftovers = processes }

// SetSkipped sets how many items were skipped since an earlier run has done them, and how many since its journal does
// not have them; and how many items failed in it that are not in the input.
func (s *Summary) SetSkipped(done, strange, missing int64) {
	s.skipped, s.strange, s.missing = done, strange, missing
}

// TakeBack recounts jobs that had succeeded as lost; later of them had failed before.
func (s *Summary) TakeBack(jobs, later int64) {
	s.ok -= jobs
	s.okLater -= later
	s.counts[job.Lost] += jobs
	s.discarded += jobs
}

// Failed returns how many jobs failed. Stopped jobs are not among them.
func (s *Summary) Failed() int64 {
	var n int64
	for outcome, count := range s.counts {
		if job.Outcome(outcome) != job.Stopped {
			n += count
		}
	}
	return n
}

// Lost reports whether the outcome of some job is unknown.
func (s *Summary) Lost() bool { return s.counts[job.Lost] > 0 }

// First returns the outcome of the job that failed first, if there is one.
func (s *Summary) First() (job.Status, bool) {
	if len(s.failures) == 0 {
		return job.Status{}, false
	}
	return s.failures[0].Status, true
}

// Notable reports whether the Summary says something that a user should know.
func (s *Summary) Notable() bool {
	jobs := s.Failed() > 0 || s.counts[job.Stopped] > 0 || s.doubt > 0 || s.okLater > 0 || s.held > 0
	items := s.skipped > 0 || s.strange > 0 || s.missing > 0 || s.rest != ""
	return jobs || items || s.leftovers > 0
}

// WriteTo writes the failures one by one, what else a user should know, and at last all counts in one line.
func (s *Summary) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, ev := range s.failures {
		text.Line(&b, "%s: %s", Describe(ev.Job), text.Printable(ev.Status.String(), lineMax))
		for _, line := range text.LastLines(string(ev.Tail), tailLines) {
			text.Line(&b, "  | %s", line)
		}
	}
	if n := s.discarded; n > 0 {
		text.Line(&b, "%s: a program printed a line that no item asked for; print banners to standard error, then run again, "+
			"or resume the journal",
			text.Plural(n, "reply is taken back, even if it was printed, and its job is lost", "replies are taken back, even if they were printed, and their jobs are lost"))
	}
	if more := s.Failed() - s.discarded - int64(len(s.failures)); more > 0 {
		text.Line(&b, "%s failed", text.Plural(more, "more job", "more jobs"))
	}
	if n := s.doubt; n > 0 {
		text.Line(&b, "%s succeeded just before the stop, which may have cut %s short; %s not recorded as done",
			text.Plural(n, "job", "jobs"), choose(n, "it", "them"), choose(n, "it is", "they are"))
	}
	if n := s.held; n > 0 {
		text.Line(&b, "%s open; what is printed after the job's end is not shown",
			text.Plural(n, "job left a process that holds its output", "jobs left processes that hold their output"))
	}
	if still := s.StillRunning(); still != "" {
		text.Line(&b, "%s", still)
	}
	if s.rest != "" {
		text.Line(&b, "%s", s.rest)
	}
	text.Line(&b, "%s", s.line())
	return b.WriteTo(w)
}

// StillRunning says how many processes still run that jobs have started; "" if none does.
func (s *Summary) StillRunning() string {
	switch s.leftovers {
	case 0:
		return ""
	case 1:
		return "1 process started by a job is still running; use --reap to end it"
	default:
		return fmt.Sprintf("%d processes started by jobs are still running; use --reap to end them", s.leftovers)
	}
}

// Jobs returns how many jobs have ended.
func (s *Summary) Jobs() int64 {
	total := s.ok + s.doubt
	for _, n := range s.counts {
		total += n
	}
	return total
}

// SetCutShort takes that the run was stopped before its input had ended. With a journal, it can be resumed.
func (s *Summary) SetCutShort(journal bool) {
	if s.Jobs() == 0 {
		return // the error says why nothing was run
	}
	s.rest = "the run was stopped; jobs that had not started were not run"
	if journal {
		s.rest += "; the same command with --resume runs them"
	}
}

// line returns all counts in one line.
func (s *Summary) line() string {
	total := s.Jobs()
	parts := []string{fmt.Sprintf("%d ok", s.ok)}
	if s.okLater > 0 {
		parts[0] += fmt.Sprintf(" (%d after a retry)", s.okLater)
	}
	if n := s.Failed(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed%s", n, s.kinds()))
	}
	if n := s.counts[job.Stopped]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d stopped", n))
	}
	if s.doubt > 0 {
		parts = append(parts, fmt.Sprintf("%d in doubt", s.doubt))
	}
	line := text.Plural(total, "job", "jobs") + ": " + strings.Join(parts, ", ")
	if s.attempts > total {
		line += fmt.Sprintf("; %d attempts", s.attempts)
	}
	if n := s.skipped; n > 0 {
		line += fmt.Sprintf("; %s skipped (done in an earlier run)", text.Plural(n, "item", "items"))
	}
	if n := s.strange; n > 0 {
		line += fmt.Sprintf("; %s skipped (not in the journal; --resume runs %s)",
			text.Plural(n, "item", "items"), choose(n, "it", "them"))
	}
	if n := s.missing; n > 0 {
		line += fmt.Sprintf("; %s of the journal %s not in the input",
			text.Plural(n, "failed item", "failed items"), choose(n, "is", "are"))
	}
	return line
}

// choose returns the word that agrees with n things.
func choose(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// kinds counts the failures that did not just exit, by their outcomes.
func (s *Summary) kinds() string {
	var parts []string
	for _, kind := range []struct {
		outcome job.Outcome
		name    string
	}{
		{job.Signaled, "by a signal"},
		{job.TimedOut, "timed out"},
		{job.OverMemory, "over the memory limit"},
		{job.NotFound, "not found"},
		{job.NotExecutable, "not executable"},
		{job.NotStarted, "not started"},
		{job.Lost, "lost"},
	} {
		if n := s.counts[kind.outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.name))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Describe names the job by its seq and its items. Items are quoted: an item may hold anything, and this goes to a
// terminal.
func Describe(j job.Job) string {
	return fmt.Sprintf("job %d, %s", j.Seq(), text.Items(j.Label(), len(j.Items)))
}
