package sink

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"fanout/internal/job"
	"fanout/internal/text"
)

// Summary counts outcomes and keeps the first failures. Observe is called for one
// event at a time.
type Summary struct {
	counts   [job.NumOutcomes]int64 // by End
	ok       int64
	okLater  int64 // of ok, those that had failed before
	doubt    int64 // successes that may be none
	held     int64
	left     int
	taken    int64       // of those that are lost, how many had succeeded
	skipped  int64       // items that are left out, since an earlier run has done them
	strange  int64       // and those of which its journal does not tell
	rest     string      // what there is to say of items that no job was made of
	missing  int64       // items that have failed there and are not in the input
	attempts int64       // of all jobs
	failures []job.Event // the first few
}

// What is told of a failure.
const (
	lineMax   = 200 // bytes of a line
	tailLines = 3   // of standard error
)

// keepFailures is how many failures are told one by one.
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

// Doubt takes back a success that is in doubt, since a stop has followed it within a moment.
func (s *Summary) Doubt(d *job.Finished) {
	s.doubt++
	s.ok--
	if d.Job.Attempt > 1 {
		s.okLater--
	}
}

// Offset takes how many processes jobs have left running.
func (s *Summary) Left(processes int) { s.left = processes }

// LeftOut takes how many items were left out since an earlier run has done them, and how
// many since its journal does not tell of them; and how many have failed in it that are not in
// the input.
func (s *Summary) LeftOut(done, strange, missing int64) {
	s.skipped, s.strange, s.missing = done, strange, missing
}

// TakeBack takes how many jobs that had succeeded are lost, and of how many of these earlier
// attempts had failed.
func (s *Summary) TakeBack(jobs, later int64) {
	s.ok -= jobs
	s.okLater -= later
	s.counts[job.Lost] += jobs
	s.taken += jobs
}

// Failed is how many jobs failed; those that were stopped are not among them.
func (s *Summary) Failed() int64 {
	var n int64
	for end, count := range s.counts {
		if job.Outcome(end) != job.Stopped {
			n += count
		}
	}
	return n
}

// Lost reports whether the outcome of some job is unknown.
func (s *Summary) Lost() bool { return s.counts[job.Lost] > 0 }

// First is the outcome of the job that failed first, and whether there is one.
func (s *Summary) First() (job.Status, bool) {
	if len(s.failures) == 0 {
		return job.Status{}, false
	}
	return s.failures[0].Status, true
}

// Notable reports whether there is something to tell that a user should know of.
func (s *Summary) Notable() bool {
	return s.Failed() > 0 || s.counts[job.Stopped] > 0 || s.doubt > 0 || s.okLater > 0 || s.held > 0 || s.left > 0 || s.skipped > 0 || s.strange > 0 || s.missing > 0 || s.rest != ""
}

// WriteTo tells the failures one by one, and last, in one line, all counts.
func (s *Summary) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, ev := range s.failures {
		text.Line(&b, "%s: %s", Describe(ev.Job), text.Printable(ev.Status.String(), lineMax))
		for _, line := range text.LastLines(string(ev.Tail), tailLines) {
			text.Line(&b, "  | %s", line)
		}
	}
	if s.taken > 0 {
		text.Line(&b, "%s: which belongs to which item is not known", text.Plural(s.taken, "reply is taken back, its job is lost", "replies are taken back, their jobs are lost"))
	}
	switch more := s.Failed() - s.taken - int64(len(s.failures)); {
	case more == 1:
		text.Line(&b, "and 1 more failure")
	case more > 1:
		text.Line(&b, "and %d more failures", more)
	}
	if s.doubt > 0 {
		them, are := "it", "is"
		if s.doubt > 1 {
			them, are = "them", "are"
		}
		text.Line(&b, "%s ended well just before the stop, which may have cut %s short: %[2]s %s not recorded as done", text.Plural(s.doubt, "job", "jobs"), them, are)
	}
	if s.held > 0 {
		text.Line(&b, "%s left a process behind that kept the output open; what it prints later is not shown", text.Plural(s.held, "job", "jobs"))
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

// StillRunning tells of processes that jobs have left; "" if there are none.
func (s *Summary) StillRunning() string {
	switch s.left {
	case 0:
		return ""
	case 1:
		return "1 process that a job left behind still runs; --reap ends such"
	default:
		return fmt.Sprintf("%d processes that jobs left behind still run; --reap ends such", s.left)
	}
}

// Jobs is how many jobs have ended.
func (s *Summary) Jobs() int64 {
	total := s.ok + s.doubt
	for _, n := range s.counts {
		total += n
	}
	return total
}

// Rest takes that the run was stopped before the end of its input was known.
func (s *Summary) Rest(journal bool) {
	if s.Jobs() == 0 {
		return // why nothing was run is told as an error
	}
	s.rest = "the run was stopped: what had not started was not run"
	if journal {
		s.rest += "; the same command with --resume runs it"
	}
}

// line is all counts in one line.
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
		line += fmt.Sprintf("; %d tries", s.attempts)
	}
	if s.skipped > 0 {
		line += fmt.Sprintf("; %s left out, as the journal says", text.Plural(s.skipped, "item", "items"))
	}
	if s.strange > 0 {
		line += fmt.Sprintf("; %s left out that %s not in the journal: --resume runs %s", text.Plural(s.strange, "item", "items"), are(s.strange), them(s.strange))
	}
	if s.missing > 0 {
		line += fmt.Sprintf("; %s of the journal %s not in the input", text.Plural(s.missing, "failed item", "failed items"), are(s.missing))
	}
	return line
}

// are and them agree with so many.
func are(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func them(n int64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// kinds says of what kind the failures were that did not just exit.
func (s *Summary) kinds() string {
	var parts []string
	for _, kind := range []struct {
		end  job.Outcome
		name string
	}{
		{job.Signaled, "by a signal"},
		{job.TimedOut, "timed out"},
		{job.OverMemory, "over the memory limit"},
		{job.NotFound, "not found"},
		{job.NotExecutable, "not executable"},
		{job.NotStarted, "not started"},
		{job.Lost, "lost"},
	} {
		if n := s.counts[kind.end]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.name))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Describe names the job by its number and its items. These are quoted: an item may
// hold anything, and this goes to a terminal.
func Describe(j job.Job) string {
	return fmt.Sprintf("job %d, %s", j.Seq(), describeItems(j))
}

func describeItems(j job.Job) string {
	const most = 80
	label := j.Label()
	if len(label) > most {
		label = label[:most] + "..."
	}
	if n := len(j.Items); n > 1 {
		return fmt.Sprintf("%q and %d more", label, n-1)
	}
	return fmt.Sprintf("%q", label)
}
