package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fanout/internal/record"
)

const header = `{"journal":1,"version":"1.0","argv":["fanout","-j2","echo {} 'x'"],"cwd":"/tmp","template":"ab","host":"h","time":"2026-01-02T03:04:05.000Z"}` + "\n"

// began is the time in header.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// journalLine returns a line of a journal.
func journalLine(l record.Line) string {
	l.At, l.IDs = []int64{l.Seq}, []string{"AAAAAAAAAAAAAAAA"}
	b, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

// line returns a job of one item that ended with this exit code after that many seconds.
func line(seq int64, code int, at, took float64, item string) record.Line {
	l := record.Line{
		Seq: seq, Items: []record.Text{record.Text(item)}, OK: code == 0, Outcome: "exited", ExitCode: &code, Attempts: 1, Host: "h", Worker: 1,
		Start: began.Add(seconds(at)), Seconds: took, UserSeconds: took / 2, SystemSeconds: took / 4, MaxRSS: 1 << 20,
	}
	if code != 0 {
		l.Error = fmt.Sprintf("exit %d", code)
	}
	return l
}

// ended returns a job that did not exit.
func ended(seq int64, outcome, item string) record.Line {
	l := line(seq, 1, 1, 0.5, item)
	l.ExitCode, l.Outcome, l.Error = nil, outcome, "it was "+outcome
	if outcome == "signaled" {
		name := "SIGSEGV"
		l.Signal = &name
	}
	if strings.HasPrefix(outcome, "not_") {
		l.Worker, l.Seconds, l.UserSeconds, l.SystemSeconds, l.MaxRSS = 0, 0, 0, 0, 0
	}
	return l
}

// open opens a journal with this text.
func open(t testing.TB, text string) *Journal {
	t.Helper()
	name := filepath.Join(t.TempDir(), "work.journal")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	j.Name = "work.journal"
	return j
}

func written(t testing.TB, format, journal string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, open(t, journal)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// everything returns a journal of two runs with all kinds of jobs.
func everything() string {
	var b strings.Builder
	b.WriteString(header)
	retried := line(1, 0, 0, 1, "first")
	retried.Attempts = 3
	b.WriteString(journalLine(retried))
	b.WriteString(journalLine(line(2, 0, 1, 2, "a\nb c")))
	mended := line(3, 7, 3, 1, "mended")
	mended.Stderr = "once wrong\n"
	b.WriteString(journalLine(mended))
	failed := line(4, 3, 4, 0.25, `</script><b>`)
	failed.Worker, failed.Stderr = 2, "\x1b[1mbad\nworse\n"
	b.WriteString(journalLine(failed))
	for i, outcome := range outcomes[3:] {
		b.WriteString(journalLine(ended(int64(5+i), outcome, "item "+outcome)))
	}
	batch := line(12, 0, 5, 0.125, "x")
	batch.Items = append(batch.Items, "y", "z")
	b.WriteString(journalLine(batch))
	b.WriteString(strings.Replace(header, "03:04:05", "04:00:00", 1))
	b.WriteString(journalLine(line(3, 0, 3355, 5, "mended")))
	b.WriteString(`{"seq":13,"items":[{"base64":"/w=="}],"ok":true,"outcome":"exited","exit_code":0,"signal":null,"attempts":1,"host":"h","worker":1,"start":"2026-01-02T04:00:05.000Z","seconds":0.5,"new":[{}]}` + "\n")
	return b.String()
}

// TestTakenBack checks that jobs whose replies were taken back are lost, in each format.
func TestTakenBack(t *testing.T) {
	answered := func(program int, l record.Line) string {
		l.Program = program
		return journalLine(l)
	}
	const back = `{"taken_back":[2,9],"error":"one too many","time":"2026-01-02T03:04:05.000Z"}` + "\n"
	failed := line(4, 3, 1, 1, "d")
	lost := func(l record.Line) string {
		l.OK, l.Outcome, l.ExitCode, l.Error = false, "lost", nil, "lost: one too many"
		return journalLine(l)
	}
	taken := header + answered(2, line(1, 0, 0, 1, "a")) + answered(1, line(2, 0, 0, 1, "b")) + back + answered(9, line(3, 0, 1, 1, "c")) + answered(9, failed) + journalLine(line(5, 0, 1, 1, "e"))
	plain := header + lost(line(1, 0, 0, 1, "a")) + journalLine(line(2, 0, 0, 1, "b")) + lost(line(3, 0, 1, 1, "c")) + journalLine(failed) + journalLine(line(5, 0, 1, 1, "e"))
	for _, f := range Formats() {
		if got, want := written(t, f.Name, taken), written(t, f.Name, plain); got != want {
			t.Errorf("%s: %s\nwant %s", f.Name, got, want)
		}
	}
	if out := written(t, "text", taken); !strings.Contains(out, "5 jobs: 2 ok, 3 failed (1 exited, 2 lost)") {
		t.Error(out)
	}
	var b bytes.Buffer
	if err := Write(&b, "text", open(t, header+`{"taken_back":[0],"error":"","time":"2026-01-02T03:04:05.000Z"}`+"\n")); err == nil || !strings.Contains(err.Error(), "work.journal:2: damaged") {
		t.Errorf("%v", err)
	}
}

func TestText(t *testing.T) {
	const want = `fanout -j2 'echo {} '\''x'\'''
in /tmp on h, 2026-01-02 03:04:05.000 UTC, resumed 1 time, last at 2026-01-02 04:00:00.000 UTC

13 jobs: 5 ok (2 after a retry), 8 failed (1 exited, 1 signaled, 1 timed out, 1 over memory, 1 not found, 1 not executable, 1 not started, 1 lost); 16 attempts
10.6 s on 2 workers: 1.32 jobs/s
a job took 1.08 s on average, p50 500 ms, p95 5.00 s, p99 5.00 s, at most 5.00 s
CPU 5.69 s user, 2.84 s system; largest process 1 MiB

Slowest:
     5.00 s  job 3, "mended"
     2.00 s  job 2, "a\nb c"
     1.00 s  job 1, "first"
     1.00 s  job 3, "mended": exit 7
     500 ms  job 5, "item signaled": it was signaled
     500 ms  job 6, "item timed_out": it was timed_out
     500 ms  job 7, "item over_memory": it was over_memory
     500 ms  job 11, "item lost": it was lost
     500 ms  job 13, "\xff"
     250 ms  job 4, "</script><b>": exit 3

Most retried:
   3 attempts  job 1, "first"
   2 attempts  job 3, "mended"

Failed:
  job 4, "</script><b>": exit 3
    | ` + "\uFFFD" + `[1mbad
    | worse
  job 5, "item signaled": it was signaled
  job 6, "item timed_out": it was timed_out
  job 7, "item over_memory": it was over_memory
  job 8, "item not_found": it was not_found
  job 9, "item not_executable": it was not_executable
  job 10, "item not_started": it was not_started
  job 11, "item lost": it was lost
`
	if got := written(t, "text", everything()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := written(t, "text", header); !strings.Contains(got, "\n0 jobs: 0 ok\n0 µs on 0 workers: 0.00 jobs/s") {
		t.Errorf("no jobs: %s", got)
	}
}

func TestJSON(t *testing.T) {
	var s Summary
	if err := json.Unmarshal([]byte(written(t, "json", everything())), &s); err != nil {
		t.Fatal(err)
	}
	if s.Jobs != 13 || s.OK != 5 || s.OKAfterRetry != 2 || s.Failed != 8 || s.Attempts != 16 || s.Workers != 2 || len(s.Runs) != 2 || s.Runs[1].Jobs != 2 {
		t.Errorf("%+v", s)
	}
	if len(s.Failures) != 8 || s.Failures[0].Seq != 4 || s.Failures[0].Stderr != "\x1b[1mbad\nworse\n" || s.Omitted != 0 || s.FailedBy["timed_out"] != 1 {
		t.Errorf("%+v", s.Failures)
	}
	if s.Elapsed != 5.125+5.5 {
		t.Errorf("%v seconds", s.Elapsed)
	}
	var empty map[string]any
	if err := json.Unmarshal([]byte(written(t, "json", header)), &empty); err != nil || empty["failures"] == nil || empty["slowest"] == nil {
		t.Errorf("%v, %v", empty, err)
	}
}

func TestTSV(t *testing.T) {
	got := strings.Split(strings.TrimSuffix(written(t, "tsv", everything()), "\n"), "\n")
	want := []string{
		"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand",
		"1\th\t1767323045.000\t     1.000\t0\t0\t0\t0\tfirst",
		"2\th\t1767323046.000\t     2.000\t0\t0\t0\t0\t$'a\\nb c'",
		"3\th\t1767323048.000\t     1.000\t0\t0\t7\t0\tmended",
		"4\th\t1767323049.000\t     0.250\t0\t0\t3\t0\t'</script><b>'",
		"5\th\t1767323046.000\t     0.500\t0\t0\t0\t11\t'item signaled'",
		"6\th\t1767323046.000\t     0.500\t0\t0\t-1\t15\t'item timed_out'",
		"7\th\t1767323046.000\t     0.500\t0\t0\t-1\t9\t'item over_memory'",
		"8\th\t1767323046.000\t     0.000\t0\t0\t127\t0\t'item not_found'",
		"9\th\t1767323046.000\t     0.000\t0\t0\t126\t0\t'item not_executable'",
		"10\th\t1767323046.000\t     0.000\t0\t0\t1\t0\t'item not_started'",
		"11\th\t1767323046.000\t     0.500\t0\t0\t125\t0\t'item lost'",
		"12\th\t1767323050.000\t     0.125\t0\t0\t0\t0\tx y z",
		"3\th\t1767326400.000\t     5.000\t0\t0\t0\t0\tmended",
		"13\th\t1767326405.000\t     0.500\t0\t0\t0\t0\t$'\\377'",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// TestManyFailures checks that a report keeps a limited number of failures.
func TestManyFailures(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	for seq := range int64(failuresMax + 10) {
		b.WriteString(journalLine(line(seq+1, 1, 0, 0.001, "x")))
	}
	for seq := range int64(5) {
		b.WriteString(journalLine(line(seq+1, 0, 0, 0.001, "x")))
	}
	var s Summary
	if err := json.Unmarshal([]byte(written(t, "json", b.String())), &s); err != nil {
		t.Fatal(err)
	}
	if s.Failed != failuresMax+5 || len(s.Failures) != failuresMax-5 || s.Omitted != 10 || s.Failures[0].Seq != 6 {
		t.Errorf("%d failed, %d are told and %d not, from %d", s.Failed, len(s.Failures), s.Omitted, s.Failures[0].Seq)
	}
	if out := written(t, "text", b.String()); !strings.Contains(out, fmt.Sprintf("and %d more", failuresMax-5)) {
		t.Error(out)
	}
}

func TestPercentiles(t *testing.T) {
	for _, tt := range []struct {
		n                  int
		p50, p95, p99, max float64
	}{{1, 1, 1, 1, 1}, {2, 1, 2, 2, 2}, {10, 5, 10, 10, 10}, {100, 50, 95, 99, 100}, {101, 51, 96, 100, 101}} {
		var all []float32
		for i := range tt.n {
			all = append(all, float32(i+1))
		}
		if d := durations(all, 0); d.P50 != tt.p50 || d.P95 != tt.p95 || d.P99 != tt.p99 || d.Max != tt.max || d.Min != 1 {
			t.Errorf("%d: %+v", tt.n, d)
		}
	}
}

func TestHistogram(t *testing.T) {
	h := newHistogram([]float32{0, 0.001, 0.00101, 0.01, 3600})
	jobs := int64(0)
	for i, b := range h.Bins {
		jobs += b.Jobs
		if b.From >= b.To || i > 0 && b.From != h.Bins[i-1].To {
			t.Errorf("from %v to %v", b.From, b.To)
		}
	}
	if jobs != 5 || h.Most != 2 || len(newHistogram(nil).Bins) != 0 {
		t.Errorf("%+v", h)
	}
	for _, s := range []float32{1e-6, 1e-3, 1, 10, 1e5} { // the beginning of a bin is in it
		if b := newHistogram([]float32{s}).Bins; len(b) != 1 || b[0].Jobs != 1 || b[0].From > float64(s)*1.0001 || b[0].To < float64(s) {
			t.Errorf("%v: %+v", s, b)
		}
	}
}

// TestMergedTimeline checks that many jobs are merged and none is lost.
func TestMergedTimeline(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	const jobs = barsMax + 1000
	for seq := range int64(jobs) {
		l := line(seq+1, 0, float64(seq)/1000, 0.002, "x")
		l.Worker = int(seq)%7 + 1
		if seq%100 == 50 {
			l.OK, l.Outcome = false, "timed_out"
		}
		b.WriteString(journalLine(l))
	}
	j := open(t, b.String())
	tally, err := count(j)
	if err != nil {
		t.Fatal(err)
	}
	line, err := tally.timeline(j)
	if err != nil {
		t.Fatal(err)
	}
	sum, failed := 0, 0
	for _, bar := range line.Bars {
		sum += bar.Jobs
		failed += bar.Failed
		if (bar.Failed > 0) != (outcomes[bar.Number] == "timed_out") || bar.Start < 0 || bar.Start+bar.Length > line.Span+0.01 {
			t.Fatalf("%+v", bar)
		}
	}
	if !line.Merged || len(line.Bars) > barsMax+7 || sum != jobs || failed != 510 || len(line.Workers) != 7 {
		t.Errorf("%d bars of %d jobs, %d failed", len(line.Bars), sum, failed)
	}
}
