package sink

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"fanout/internal/job"
)

func item(s string) []job.Item { return []job.Item{{Seq: 1, Fields: []string{s}}} }

func done(seq int64, text string, st job.Status, tail string) job.Event {
	return job.Event{Kind: job.Done, Job: job.Job{Index: seq, Items: item(text)}, Status: st, Tail: []byte(tail)}
}

var (
	fine   = job.Status{}
	failed = job.Status{Code: 3}
)

func summary(events ...job.Event) *Summary {
	s := &Summary{}
	for _, ev := range events {
		s.Observe(&job.Event{Kind: job.Started, Job: ev.Job})
		s.Observe(&ev)
	}
	return s
}

func summaryText(t *testing.T, s *Summary) string {
	t.Helper()
	var b strings.Builder
	n, err := s.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Errorf("%d bytes, %v", n, err)
	}
	return b.String()
}

func TestSummary(t *testing.T) {
	held := job.Status{Held: true}
	why := errors.New("why")
	for _, tt := range []struct {
		events []job.Event
		want   string
	}{
		{nil, "fanout: 0 jobs: 0 ok\n"},
		{[]job.Event{done(1, "a", fine, "")}, "fanout: 1 job: 1 ok\n"},
		{[]job.Event{done(1, "a", fine, ""), done(2, "b", fine, "")}, "fanout: 2 jobs: 2 ok\n"},
		{[]job.Event{done(2, "b c", failed, "")}, "fanout: job 2, \"b c\": exit 3\nfanout: 1 job: 0 ok, 1 failed\n"},
		{
			[]job.Event{done(1, "a", fine, ""), done(2, "b", failed, "one\ntwo\nthree\nfour\n")},
			"fanout: job 2, \"b\": exit 3\nfanout:   | two\nfanout:   | three\nfanout:   | four\nfanout: 2 jobs: 1 ok, 1 failed\n",
		},
		{
			[]job.Event{
				done(1, "a", job.Status{Outcome: job.Signaled, Signal: syscall.SIGSEGV}, ""),
				done(2, "b", job.Status{Outcome: job.TimedOut, Limit: time.Minute}, ""),
				done(3, "c", job.Status{Outcome: job.Stopped}, ""),
				done(4, "d", job.Status{Outcome: job.NotFound, Err: why}, ""),
				done(5, "e", job.Status{Outcome: job.NotExecutable, Err: why}, ""),
				done(6, "f", job.Status{Outcome: job.NotStarted, Err: why}, ""),
				done(7, "g", job.Status{Outcome: job.Lost, Err: why}, ""),
				done(8, "h", failed, ""),
			},
			"fanout: job 1, \"a\": killed by SIGSEGV\nfanout: job 2, \"b\": timed out after 1m0s\nfanout: job 4, \"d\": not found: why\n" +
				"fanout: job 5, \"e\": not executable: why\nfanout: job 6, \"f\": not started: why\nfanout: job 7, \"g\": lost: why\n" +
				"fanout: job 8, \"h\": exit 3\n" +
				"fanout: 8 jobs: 0 ok, 7 failed (1 by a signal, 1 timed out, 1 not found, 1 not executable, 1 not started, 1 lost), 1 stopped\n",
		},
		{[]job.Event{done(1, "a", job.Status{Outcome: job.Stopped}, "x")}, "fanout: 1 job: 0 ok, 1 stopped\n"},
		{
			[]job.Event{done(1, "a", held, "")},
			"fanout: 1 job left a process that holds its output open; what is printed after the job's end is not shown\nfanout: 1 job: 1 ok\n",
		},
		{
			[]job.Event{done(1, "a", held, ""), done(2, "b", held, "")},
			"fanout: 2 jobs left processes that hold their output open; what is printed after the job's end is not shown\nfanout: 2 jobs: 2 ok\n",
		},
	} {
		s := summary(tt.events...)
		if got := summaryText(t, s); got != tt.want {
			t.Errorf("got:\n%swant:\n%s", got, tt.want)
		}
	}
}

// TestAttempts: they are counted only where a job had more than one.
func TestAttempts(t *testing.T) {
	tried := func(n int, st job.Status) job.Event {
		ev := done(1, "a", st, "")
		ev.Job.Attempt = n
		return ev
	}
	for _, tt := range []struct {
		events  []job.Event
		want    string // the last line
		notable bool
	}{
		{[]job.Event{tried(1, fine), tried(1, fine)}, "fanout: 2 jobs: 2 ok\n", false},
		{[]job.Event{tried(1, fine), tried(3, fine)}, "fanout: 2 jobs: 2 ok (1 after a retry); 4 attempts\n", true},
		{[]job.Event{tried(3, failed), tried(1, fine)}, "fanout: 2 jobs: 1 ok, 1 failed; 4 attempts\n", true},
		{[]job.Event{tried(2, fine), tried(2, job.Status{Outcome: job.TimedOut}), tried(1, job.Status{Outcome: job.Stopped})}, "fanout: 3 jobs: 1 ok (1 after a retry), 1 failed (1 timed out), 1 stopped; 5 attempts\n", true},
	} {
		s := &Summary{}
		for _, ev := range tt.events {
			s.Observe(&job.Event{Kind: job.Retried, Job: ev.Job, Status: failed}) // not what counts
			s.Observe(&ev)
		}
		if got := summaryText(t, s); !strings.HasSuffix(got, tt.want) || s.Notable() != tt.notable {
			t.Errorf("got:\n%swant:\n%s, notable %v", got, tt.want, s.Notable())
		}
	}
}

func TestBatchInSummary(t *testing.T) {
	j := job.Job{Index: 1, Items: append(item("a"), append(item("b"), item("c")...)...)}
	got := summaryText(t, summary(job.Event{Kind: job.Done, Job: j, Status: failed}))
	if !strings.HasPrefix(got, "fanout: job 1, \"a\" and 2 more: exit 3\n") {
		t.Errorf("%s", got)
	}
}

func TestManyFailures(t *testing.T) {
	for n, want := range map[int]string{
		keepFailures:     "",
		keepFailures + 1: "fanout: 1 more job failed\n",
		keepFailures + 2: "fanout: 2 more jobs failed\n",
	} {
		var events []job.Event
		for i := range n {
			events = append(events, done(int64(i+1), "x", failed, ""))
		}
		got := summaryText(t, summary(events...))
		last := fmt.Sprintf("fanout: %d jobs: 0 ok, %d failed\n", n, n)
		if strings.Count(got, "exit 3") != keepFailures || !strings.HasSuffix(got, want+last) || want == "" && strings.Contains(got, "more") {
			t.Errorf("%d failures:\n%s", n, got)
		}
	}
}

func TestSummaryAnswers(t *testing.T) {
	stopped := job.Status{Outcome: job.Stopped}
	lost := job.Status{Outcome: job.Lost}
	for _, tt := range []struct {
		statuses      []job.Status
		failed        int64
		lost, notable bool
		first         job.Outcome
		any           bool
	}{
		{nil, 0, false, false, 0, false},
		{[]job.Status{fine}, 0, false, false, 0, false},
		{[]job.Status{{Held: true}}, 0, false, true, 0, false},
		{[]job.Status{stopped}, 0, false, true, 0, false},
		{[]job.Status{fine, stopped, failed, lost}, 2, true, true, job.Exited, true},
		{[]job.Status{lost, failed}, 2, true, true, job.Lost, true},
		{[]job.Status{{Outcome: job.NotFound}, failed}, 2, false, true, job.NotFound, true},
	} {
		s := &Summary{}
		for i, st := range tt.statuses {
			ev := done(int64(i+1), "x", st, "")
			s.Observe(&ev)
		}
		first, any := s.First()
		if s.Failed() != tt.failed || s.Lost() != tt.lost || s.Notable() != tt.notable || any != tt.any || first.Outcome != tt.first {
			t.Errorf("%v: %d failed, lost %v, notable %v, first %v %v", tt.statuses, s.Failed(), s.Lost(), s.Notable(), first, any)
		}
	}
}

// hostile is text that must not reach a terminal as it is.
var hostile = []string{
	"\x1b[31mred", "\x1b]0;title\x07", "\a", "back\bspace", "over\rwritten", "nul\x00", "\x7f", "csi\u009b31m", "\xff\xfe", "a\xc3", "\v\f",
	"one\ntwo", strings.Repeat("é", 500), strings.Repeat("\x1b[0m", 500), strings.Repeat("a", 79) + "é\x1b", "\x9b31m",
}

// TestTerminalIsSafe: whatever an item, an error or a tail holds, lines of the
// summary are printable text that says it comes from fanout.
func TestTerminalIsSafe(t *testing.T) {
	for _, h := range hostile {
		for name, ev := range map[string]job.Event{
			"item":  done(1, h, failed, ""),
			"tail":  done(1, "x", failed, h),
			"error": done(1, "x", job.Status{Outcome: job.NotFound, Err: errors.New(h + ": command not found")}, ""),
			"lost":  done(1, "x", job.Status{Outcome: job.Lost, Err: errors.New(h)}, ""),
		} {
			got := summaryText(t, summary(ev))
			if !utf8.ValidString(got) {
				t.Errorf("%s %.40q: not UTF-8", name, h)
			}
			for _, r := range got {
				if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
					t.Errorf("%s %.40q: %q gets through", name, h, r)
					break
				}
			}
			for line := range strings.Lines(got) {
				if !strings.HasPrefix(line, "fanout: ") || len(line) > 700 {
					t.Errorf("%s %.40q: line %.60q", name, h, line)
				}
			}
		}
	}
}

// TestSummaryInDoubt: a success that is in doubt is counted as neither.
func TestSummaryInDoubt(t *testing.T) {
	again := done(2, "b", fine, "")
	again.Job.Attempt = 2
	s := summary(done(1, "a", fine, ""), again, done(3, "c", job.Status{Outcome: job.Stopped}, ""))
	if s.Doubt(&job.Finished{Job: again.Job}); !s.Notable() {
		t.Error("nothing is said of it")
	}
	want := "fanout: 1 job succeeded just before the stop, which may have cut it short; it is not recorded as done\n" +
		"fanout: 3 jobs: 1 ok, 1 stopped, 1 in doubt; 4 attempts\n"
	if got := summaryText(t, s); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}
