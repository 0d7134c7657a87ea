package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"fanout/internal/record"
)

// How much is kept of what may be much.
const (
	failuresMax = 10_000 // jobs that have failed
	topMax      = 10     // the slowest, and the most retried
	textMax     = 4096   // bytes of an item
)

// tally is what all lines come to. The last line of a job says how it ended.
type tally struct {
	header  record.Header // the first
	runs    []run
	lines   int64
	jobs    int64
	last    map[int64]*page            // of jobs, by number
	owners  map[int64]*[pageSize]int64 // of each place in the input, the job that had its item last
	ends    map[string]int64           // jobs by how they ended
	okLater int64                      // that were tried more than once, and then succeeded
	tried   int64                      // attempts of all jobs

	seconds  []float32 // of the last attempt of each line that had one
	busy     float64   // their sum
	user     float64
	system   float64
	maxRSS   int64
	workers  map[worker]bool
	slowest  []Job
	retried  []Job
	failures map[int64]Job
}

// worker is who ran jobs.
type worker struct {
	host   string
	number int
}

// run is one of those that wrote the journal.
type run struct {
	began, ended time.Time
	jobs         int64
}

func (r run) span() time.Duration { return max(0, r.ended.Sub(r.began)) }

// page is what is known of jobs with consecutive numbers.
type page [pageSize]known

const pageSize = 4096

type known struct {
	line  uint32 // the last of the job
	tried uint32
	items uint32 // that no later job has had: without any, the job does not count
	end   uint8  // as endings numbers them
}

// otherEnd is an outcome that this fanout does not know.
const otherEnd = "other"

// okEnd is the outcome of a job that succeeded, which is "exited" in a journal.
const okEnd = "ok"

// endings is all outcomes.
func endings() []string {
	return []string{otherEnd, okEnd, "exited", "signaled", "timed_out", "over_memory", "not_found", "not_executable", "not_started", "lost"}
}

// end is how the job of a line ended.
func end(l *record.Line) string {
	if l.OK {
		return okEnd
	}
	return l.Outcome
}

// count reads the whole journal.
func count(j *Journal) (*tally, error) {
	t := &tally{last: map[int64]*page{}, owners: map[int64]*[pageSize]int64{}, ends: map[string]int64{}, workers: map[worker]bool{}, failures: map[int64]Job{}}
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
	k := t.known(l.Seq)
	tried := k.tried + uint32(max(1, l.Attempts)) + t.takeOver(l)
	if k.line != 0 && k.items > 0 {
		t.count(k, -1)
	}
	*k = known{line: uint32(e.line), tried: tried, items: uint32(max(1, len(l.At))), end: uint8(max(0, slices.Index(endings(), end(l))))}
	t.count(k, 1)
	t.tried += int64(max(1, l.Attempts))

	t.keepFailure(l, int(k.tried))
	t.top(l, int(k.tried))
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

// count has a job count, or no more.
func (t *tally) count(k *known, n int64) {
	name := endings()[k.end]
	t.jobs += n
	t.ends[name] += n
	if k.tried > 1 && name == okEnd {
		t.okLater += n
	}
}

// takeOver gives the items of a line to its job. A job of an earlier run that has none left,
// since they are in other batches now, does not count any more; how often such were tried is
// returned.
func (t *tally) takeOver(l *record.Line) (tried uint32) {
	for _, place := range l.At {
		p := t.owners[place/pageSize]
		if p == nil {
			p = new([pageSize]int64)
			t.owners[place/pageSize] = p
		}
		before := p[place%pageSize]
		p[place%pageSize] = l.Seq
		if before == 0 || before == l.Seq {
			continue
		}
		k := t.known(before)
		if k.items--; k.items == 0 {
			tried += k.tried
			t.count(k, -1)
			delete(t.failures, before)
		}
	}
	return tried
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// known is what is known of a job, to be changed.
func (t *tally) known(seq int64) *known {
	p := t.last[seq/pageSize]
	if p == nil {
		p = new(page)
		t.last[seq/pageSize] = p
	}
	return &p[seq%pageSize]
}

// keepFailure keeps a job that has failed until it succeeds.
func (t *tally) keepFailure(l *record.Line, tried int) {
	switch _, had := t.failures[l.Seq]; {
	case l.OK && had:
		delete(t.failures, l.Seq)
	case !l.OK && (had || len(t.failures) < failuresMax):
		t.failures[l.Seq] = newJob(l, tried)
	}
}

// top keeps a job that is among the slowest or the most retried.
func (t *tally) top(l *record.Line, tried int) {
	if n := len(t.slowest); l.Worker > 0 && (n < topMax || l.Seconds > t.slowest[n-1].Seconds) {
		t.slowest = insert(t.slowest, newJob(l, tried), func(a, b Job) int { return cmp.Compare(b.Seconds, a.Seconds) })
	}
	if n := len(t.retried); tried > 1 && (n < topMax || tried > t.retried[n-1].Attempts) {
		t.retried = slices.DeleteFunc(t.retried, func(j Job) bool { return j.Seq == l.Seq })
		t.retried = insert(t.retried, newJob(l, tried), func(a, b Job) int { return cmp.Compare(b.Attempts, a.Attempts) })
	}
}

// insert puts a job into a short list that is in order.
func insert(list []Job, j Job, order func(a, b Job) int) []Job {
	list = append(list, j)
	slices.SortStableFunc(list, order)
	return list[:min(len(list), topMax)]
}

// failed is how many jobs have failed.
func (t *tally) failed() int64 { return t.jobs - t.ends[okEnd] }

// failuresInOrder is those that are kept, by number.
func (t *tally) failuresInOrder() []Job {
	return slices.SortedFunc(maps.Values(t.failures), func(a, b Job) int { return cmp.Compare(a.Seq, b.Seq) })
}

// isLast says whether this line tells how its job ended.
func (t *tally) isLast(e *entry) bool {
	k := t.known(e.job.Seq)
	return k.items > 0 && k.line == uint32(e.line)
}

// span is how long the runs have taken, without the time between them.
func (t *tally) span() (all time.Duration) {
	for _, r := range t.runs {
		all += r.span()
	}
	return all
}
