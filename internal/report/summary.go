package report

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"fanout/internal/record"
	"fanout/internal/text"
)

// Job is a job that the report names.
type Job struct {
	Seq      int64    `json:"seq"`
	Items    []string `json:"items"` // with U+FFFD for each byte that is not UTF-8
	OK       bool     `json:"ok"`
	Outcome  string   `json:"outcome"`
	Error    string   `json:"error,omitempty"`
	Attempts int      `json:"attempts"` // in all runs
	Worker   int      `json:"worker"`
	Host     string   `json:"host"`
	Start    string   `json:"start"`
	Seconds  float64  `json:"seconds"`
	Stderr   string   `json:"stderr,omitempty"`
}

func newJob(l *record.Line, attempts int) Job {
	const itemsMax = 20
	j := Job{Seq: l.Seq, OK: l.OK, Outcome: l.Outcome, Error: l.Error, Attempts: attempts, Worker: l.Worker, Host: l.Host,
		Start: l.Start.UTC().Format(record.Stamp), Seconds: l.Seconds, Stderr: string(l.Stderr)}
	for _, item := range l.Items[:min(len(l.Items), itemsMax)] {
		j.Items = append(j.Items, text.Clip(string(item), textMax))
	}
	if len(l.Items) > itemsMax {
		j.Items = append(j.Items, "...")
	}
	return j
}

// Summary is the report as data.
type Summary struct {
	Journal string   `json:"journal"`
	Version string   `json:"version"`
	Argv    []string `json:"argv"`
	Dir     string   `json:"cwd"`
	Host    string   `json:"host"`
	Runs    []Run    `json:"runs"`

	Jobs         int64            `json:"jobs"`
	OK           int64            `json:"ok"`
	OKAfterRetry int64            `json:"ok_after_retry"`
	Failed       int64            `json:"failed"`
	FailedBy     map[string]int64 `json:"failed_by"`
	Attempts     int64            `json:"attempts"`
	Workers      int              `json:"workers"`

	Elapsed     float64   `json:"elapsed_seconds"`
	Rate        float64   `json:"jobs_per_second"`
	Concurrency float64   `json:"mean_concurrency"`
	Seconds     Durations `json:"seconds"`
	User        float64   `json:"user_seconds"`
	System      float64   `json:"system_seconds"`
	MaxRSS      int64     `json:"max_rss"`

	Slowest     []Job `json:"slowest"`
	MostRetried []Job `json:"most_retried"`
	Failures    []Job `json:"failures"`
	Omitted     int64 `json:"failures_omitted"`

	Whole bool `json:"-"` // Seconds covers all attempts
}

// Run is a run that wrote the journal: the first, or one that resumed it.
type Run struct {
	Start   string  `json:"start"`
	Seconds float64 `json:"seconds"`
	Jobs    int64   `json:"jobs"`
}

// Durations sums up how long jobs took, in seconds.
type Durations struct {
	Count int64   `json:"count"`
	Min   float64 `json:"min"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	Total float64 `json:"total"`
}

// summary sums up a tally. It sorts the tally's seconds.
func (t *tally) summary(name string) *Summary {
	s := &Summary{
		Journal: name, Version: t.header.Version, Argv: []string{}, Dir: string(t.header.Dir), Host: t.header.Host,
		Jobs: t.jobs, OK: t.counts[okOutcome], OKAfterRetry: t.okLater, Failed: t.failed(), FailedBy: map[string]int64{}, Attempts: t.attempts, Workers: len(t.workers),
		Elapsed: micro(t.span().Seconds()), User: micro(t.user), System: micro(t.system), MaxRSS: t.maxRSS,
		Slowest: t.slowest, MostRetried: t.retried, Failures: t.failuresInOrder(),
	}
	s.Whole = t.attempts == t.lines
	s.Omitted = s.Failed - int64(len(s.Failures))
	for _, arg := range t.header.Argv {
		s.Argv = append(s.Argv, string(arg))
	}
	for _, r := range t.runs {
		s.Runs = append(s.Runs, Run{r.began.UTC().Format(record.Stamp), micro(r.span().Seconds()), r.jobs})
	}
	for _, name := range outcomes {
		if n := t.counts[name]; n > 0 && name != okOutcome {
			s.FailedBy[name] = n
		}
	}
	if s.Elapsed > 0 {
		s.Rate = micro(float64(t.lines) / s.Elapsed)
		s.Concurrency = micro(t.busy / s.Elapsed)
	}
	slices.Sort(t.seconds)
	s.Seconds = durations(t.seconds, t.busy)
	for _, list := range []*[]Job{&s.Slowest, &s.MostRetried, &s.Failures} {
		if *list == nil {
			*list = []Job{}
		}
	}
	return s
}

// micro rounds to the millionth, the precision of a journal.
func micro(s float64) float64 { return float64(time.Duration(s*1e6+0.5)) / 1e6 }

// durations sums up seconds in ascending order.
func durations(sorted []float32, sum float64) Durations {
	n := len(sorted)
	if n == 0 {
		return Durations{}
	}
	return Durations{
		Count: int64(n), Min: micro(float64(sorted[0])), Mean: micro(sum / float64(n)), Max: micro(float64(sorted[n-1])), Total: micro(sum),
		P50: percentile(sorted, 50), P95: percentile(sorted, 95), P99: percentile(sorted, 99),
	}
}

// percentile returns the smallest value that at least p percent of the values do not exceed (nearest rank).
func percentile(sorted []float32, p int) float64 {
	rank := (len(sorted)*p + 99) / 100
	return micro(float64(sorted[max(rank, 1)-1]))
}

func writeJSON(w io.Writer, j *Journal) error {
	t, err := count(j)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t.summary(j.Name))
}
