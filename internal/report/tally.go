package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"fanout/internal/job"
	"fanout/internal/record"
)

// Limits to what a tally keeps.
const (
	failuresMax = 10_000 // failed jobs
	topMax      = 10     // of the slowest jobs, and of the most retried
	textMax     = 4096   // bytes of an item
)

// tally counts the lines of a journal. The last line of a job tells how it ended.
type tally struct {
	header   record.Header // the first
	runs     []run
	lines    int64
	jobs     int64
	last     record.Pages[known] // the last line of each job, by seq
	owners   record.Pages[int64] // by place in the input, the job that had the item last
	counts   map[string]int64    // jobs by outcome
	okLater  int64               // jobs that succeeded, but not in their first attempt
	attempts int64               // of all jobs

	seconds  []float32 // of the last attempt of each line that has one
	busy     float64   // their sum
	user     float64
	system   float64
	maxRSS   int64
	workers  map[worker]bool
	slowest  []Job
	retried  []Job
	failures map[int64]Job
}

// worker identifies a worker.
type worker struct {
	host   string
	number int
}

// run is a run that wrote the journal.
type run struct {
	began, ended time.Time
	jobs         int64
}

func (r run) span() time.Duration { return max(0, r.ended.Sub(r.began)) }

// known is what the tally keeps of each job.
type known struct {
	line     uint32 // the number of its last line
	attempts uint32
	items    uint32 // that no later job has had: a job without any does not count
	outcome  uint8  // an index into outcomes
}

const (
	okOutcome    = "ok"    // a success, which is "exited" in a journal
	otherOutcome = "other" // an outcome that this fanout does not know
)

// outcomes are the outcomes that a report distinguishes. The page's colours go by this order.
var outcomes = []string{
	otherOutcome, okOutcome, job.Exited.String(), job.Signaled.String(), job.TimedOut.String(), job.OverMemory.String(),
	job.NotFound.String(), job.NotExecutable.String(), job.NotStarted.String(), job.Lost.String(),
}

// outcomeNumber returns the index of an outcome in outcomes.
func outcomeNumber(ok bool, name string) int {
	if ok {
		name = okOutcome
	}
	return max(0, slices.Index(outcomes, name))
}

// count reads the whole journal.
func count(j *Journal) (*tally, error) {
	t := &tally{counts: map[string]int64{}, workers: map[worker]bool{}, failures: map[int64]Job{}}
	for e, err := range j.entries {
		if err != nil {
			return nil, err
		}
		if e.header != nil {
			if len(t.runs) == 0 {
				t.header = *e.header
			}
			t.runs = append(t.runs, run{began: e.header.Time, ended: e.header.Time})
			continue
		}
		t.add(e)
	}
	return t, nil
}

func (t *tally) add(e *entry) {
	l := &e.job
	t.lines++
	r := &t.runs[len(t.runs)-1]
	r.jobs++
	if ended := l.Start.Add(seconds(l.Seconds)); ended.After(r.ended) {
		r.ended = ended
	}
	k := t.last.At(l.Seq)
	attempts := k.attempts + uint32(max(1, l.Attempts)) + t.takeOver(l)
	if k.line != 0 && k.items > 0 {
		t.count(k, -1)
	}
	*k = known{line: uint32(e.line), attempts: attempts, items: uint32(max(1, len(l.At))), outcome: uint8(outcomeNumber(l.OK, l.Outcome))}
	t.count(k, 1)
	t.attempts += int64(max(1, l.Attempts))

	t.keepFailure(l, int(k.attempts))
	t.top(l, int(k.attempts))
	if l.Worker == 0 {
		return // it did not run
	}
	t.workers[worker{l.Host, l.Worker}] = true
	t.seconds = append(t.seconds, float32(l.Seconds))
	t.busy += l.Seconds
	t.user += l.UserSeconds
	t.system += l.SystemSeconds
	t.maxRSS = max(t.maxRSS, l.MaxRSS)
}

// count adds n to the counts that a job belongs to.
func (t *tally) count(k *known, n int64) {
	name := outcomes[k.outcome]
	t.jobs += n
	t.counts[name] += n
	if k.attempts > 1 && name == okOutcome {
		t.okLater += n
	}
}

// takeOver gives the items of a line to its job. A job of an earlier run that has no items left, because they are in other
// batches now, counts no more; takeOver returns the attempts of such jobs.
func (t *tally) takeOver(l *record.Line) (attempts uint32) {
	for _, place := range l.At {
		owner := t.owners.At(place)
		before := *owner
		*owner = l.Seq
		if before == 0 || before == l.Seq {
			continue
		}
		k := t.last.At(before)
		if k.items--; k.items == 0 {
			attempts += k.attempts
			t.count(k, -1)
			delete(t.failures, before)
		}
	}
	return attempts
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// keepFailure keeps a failed job until it succeeds.
func (t *tally) keepFailure(l *record.Line, attempts int) {
	switch _, had := t.failures[l.Seq]; {
	case l.OK && had:
		delete(t.failures, l.Seq)
	case !l.OK && (had || len(t.failures) < failuresMax):
		t.failures[l.Seq] = newJob(l, attempts)
	}
}

// top keeps a job that is among the slowest or the most retried.
func (t *tally) top(l *record.Line, attempts int) {
	if n := len(t.slowest); l.Worker > 0 && (n < topMax || l.Seconds > t.slowest[n-1].Seconds) {
		t.slowest = insert(t.slowest, newJob(l, attempts), func(a, b Job) int { return cmp.Compare(b.Seconds, a.Seconds) })
	}
	if n := len(t.retried); attempts > 1 && (n < topMax || attempts > t.retried[n-1].Attempts) {
		t.retried = slices.DeleteFunc(t.retried, func(j Job) bool { return j.Seq == l.Seq })
		t.retried = insert(t.retried, newJob(l, attempts), func(a, b Job) int { return cmp.Compare(b.Attempts, a.Attempts) })
	}
}

// insert puts a job into a short, sorted list.
func insert(list []Job, j Job, order func(a, b Job) int) []Job {
	list = append(list, j)
	slices.SortStableFunc(list, order)
	return list[:min(len(list), topMax)]
}

// failed counts the jobs that failed.
func (t *tally) failed() int64 { return t.jobs - t.counts[okOutcome] }

// failuresInOrder returns the failed jobs that are kept, by seq.
func (t *tally) failuresInOrder() []Job {
	return slices.SortedFunc(maps.Values(t.failures), func(a, b Job) int { return cmp.Compare(a.Seq, b.Seq) })
}

// isLast reports whether this line tells how its job ended.
func (t *tally) isLast(e *entry) bool {
	k := t.last.At(e.job.Seq)
	return k.items > 0 && k.line == uint32(e.line)
}

// span returns how long the runs took, without the time between them.
func (t *tally) span() (all time.Duration) {
	for _, r := range t.runs {
		all += r.span()
	}
	return all
}
