package progress

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

// log is a buffer for several goroutines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// do starts and ends jobs, one at each interval.
func do(p *Progress, jobs int, each time.Duration, failEvery int) {
	for i := range jobs {
		p.Observe(&job.Event{Kind: job.Started})
		time.Sleep(each)
		st := job.Status{Usage: job.Usage{Wall: each}}
		if failEvery > 0 && i%failEvery == 0 {
			st.Code = 1
		}
		p.Observe(&job.Event{Kind: job.Done, Status: st})
	}
}

func show(t *testing.T, mode Mode, total int64, during func(p *Progress)) string {
	t.Helper()
	var out log
	synctest.Test(t, func(t *testing.T) {
		p := New(Spec{Mode: mode, Slots: 1}, Sources{
			Running: func() []Running { return nil },
			Count:   func(context.Context) (int64, bool) { return total, total > 0 },
		})
		hide := p.Show(func() {}, &out, nil)
		during(p)
		hide()
	})
	return out.String()
}

func TestPlain(t *testing.T) {
	got := show(t, Plain, 100, func(p *Progress) { do(p, 100, 310*time.Millisecond, 40) })
	want := `fanout: 10 of 100 done, 10%, 1 failed, 1 running, 3.08/s, 3s, about 29s left
fanout: 20 of 100 done, 20%, 1 failed, 1 running, 3.20/s, 6s, about 25s left
fanout: 30 of 100 done, 30%, 1 failed, 1 running, 3.16/s, 10s, about 22s left
`
	if !strings.HasPrefix(got, want) || strings.Count(got, "\n") < 9 {
		t.Errorf("%s\nwant %s", got, want)
	}
	// Without a total, every 5 seconds.
	got = show(t, Plain, 0, func(p *Progress) { do(p, 11, 950*time.Millisecond, 0) })
	want = "fanout: 5 done, 1 running, 1.00/s, 5s\nfanout: 10 done, 1 running, 1.00/s, 10s\n"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// Many tenths in no time still make at most a line a second.
	if got = show(t, Plain, 1000, func(p *Progress) { do(p, 1000, 2*time.Millisecond, 0) }); strings.Count(got, "\n") > 2 {
		t.Errorf("%s", got)
	}
}

func TestLate(t *testing.T) {
	if got := show(t, Late, 9, func(p *Progress) { do(p, 9, time.Second, 0) }); got != "" {
		t.Errorf("a short run: %s", got)
	}
	got := show(t, Late, 0, func(p *Progress) { do(p, 21, time.Second, 0) })
	if strings.Count(got, "\n") < 2 || strings.Count(got, "\n") > 3 || !strings.Contains(got, ", 10s\n") {
		t.Errorf("%s", got)
	}
}

func TestJSON(t *testing.T) {
	got := show(t, JSON, 10, func(p *Progress) { do(p, 10, 500*time.Millisecond, 5) })
	lines := strings.Split(strings.TrimSpace(got), "\n")
	var last object
	for i, line := range lines {
		last = object{}
		if err := json.Unmarshal([]byte(line), &last); err != nil || last.Last != (i == len(lines)-1) || last.Total == nil || *last.Total != 10 {
			t.Errorf("%s: %v", line, err)
		}
	}
	if len(lines) < 5 || last.Done != 10 || last.Failed != 2 || last.Left == nil || *last.Left != 0 {
		t.Errorf("%d lines, %+v", len(lines), last)
	}
}

// TestSkipped: what an earlier run has done counts as done, and not for the rate.
func TestSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Spec{Mode: JSON}, Sources{Skipped: func() int64 { return 80 }})
		p.flush = func() {}
		p.SetTotal(100)
		do(p, 10, time.Second, 0)
		w := watcher{p: p}
		if s := w.now(); s.done != 90 || s.percent() != 90 || s.rate != 1 || s.left != 10*time.Second {
			t.Errorf("%+v", s)
		}
	})
}

// TestRate is of the last half minute.
func TestRate(t *testing.T) {
	w := watcher{}
	done := int64(0)
	for s := range 120 {
		if s >= 60 {
			done += 10
		}
		w.rate(time.Duration(s)*time.Second, done)
	}
	if got := w.rate(120*time.Second, done); got < 9 || got > 10 {
		t.Errorf("%v", got)
	}
}

func TestMedian(t *testing.T) {
	p := New(Spec{}, Sources{})
	if p.median() != 0 {
		t.Error("of none")
	}
	for i := range 1000 {
		p.Observe(&job.Event{Kind: job.Done, Status: job.Status{Usage: job.Usage{Wall: time.Duration(i+2) * time.Millisecond}}})
	}
	if got := p.median(); got < 850*time.Millisecond || got > 900*time.Millisecond {
		t.Errorf("%v", got)
	}
}
