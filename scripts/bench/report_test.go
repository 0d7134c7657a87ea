package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func ran(program string, items int, walls ...time.Duration) *series {
	s := &series{contestant: contestant{items: items, command: plain(program)}, program: program}
	for _, w := range walls {
		s.samples = append(s.samples, sample{wall: w, cpu: w, rss: 10 * mib})
	}
	return s
}

func TestJudge(t *testing.T) {
	own := ran("fanout", 1000, 1*time.Second, 2*time.Second, 3*time.Second)
	xargs := ran("xargs", 100, 2*time.Second, 2*time.Second, 2*time.Second)
	absent := &series{program: "xe", absent: true}
	broken := &series{program: "rush", err: errors.New("broken")}
	r := result{series: []*series{own, xargs, absent, broken}}
	tests := []struct {
		target target
		want   verdict
	}{
		{target{measure: wallRatio, rival: "xargs", limit: .1}, verdict{"wall time ÷ xargs", "0.10", "0.05 – 0.15", "≤ 0.10", "yes"}},
		{target{measure: wallRatio, rival: "xargs", limit: .09}, verdict{"wall time ÷ xargs", "0.10", "0.05 – 0.15", "≤ 0.09", "no"}},
		{target{measure: speedup, rival: "xargs", limit: 10}, verdict{"times faster than xargs, per item", "10 ×", "7 × – 20 ×", "≥ 10 ×", "yes"}},
		{target{measure: itemsPerSecond, limit: 501}, verdict{"items a second", "500/s", "333/s – 1,000/s", "≥ 501/s", "no"}},
		{target{measure: itemsPerSecond}, verdict{"items a second", "500/s", "333/s – 1,000/s", none, none}},
		{target{measure: bytesPerSecond, limit: 1e9, bytes: 3e9}, verdict{"throughput", "1.50 GB/s", "1.00 GB/s – 3.00 GB/s", "≥ 1.00 GB/s", "yes"}},
		{target{measure: wallTime, limit: .5}, verdict{"wall time", "2.00 s", "1.00 s – 3.00 s", "≤ 500.0 ms", "no"}},
		{target{measure: wallOver, rival: "xargs", limit: 1}, verdict{"wall time beyond that of xargs", "0.0 ms", "-1000.0 ms – 1.00 s", "≤ 1.00 s", "yes"}},
		{target{measure: peakMemory, limit: 10 * mib}, verdict{"peak memory", "10.0 MiB", "10.0 MiB – 10.0 MiB", "≤ 10.0 MiB", "yes"}},
		{target{measure: wallRatio, rival: "xe", limit: 1}, verdict{"wall time ÷ xe", "no xe here", none, "≤ 1.00", none}},
		{target{measure: wallRatio, rival: "rush", limit: 1}, verdict{"wall time ÷ rush", "failed", none, "≤ 1.00", "no"}},
	}
	for _, test := range tests {
		if got := judge(r, test.target); got != test.want {
			t.Errorf("%+v: %+v, not %+v", test.target, got, test.want)
		}
	}
	if got := judge(result{skipped: "slow"}, target{measure: wallTime, limit: 1}); got.median != "skipped: slow" || got.met != none {
		t.Errorf("skipped: %+v", got)
	}
}

// One fat run among lean ones breaks a promise, so memory is not judged by its median.
func TestJudgeMemoryByWorstRun(t *testing.T) {
	own := ran("fanout", 1, time.Second, time.Second, time.Second)
	own.samples[1].rss = 30 * mib
	got := judge(result{series: []*series{own}}, target{measure: peakMemory, limit: 20 * mib})
	if got.met != "no" || got.median != "10.0 MiB" {
		t.Errorf("%+v", got)
	}
}

func TestRender(t *testing.T) {
	all := works()
	var results []result
	for _, w := range all {
		r := result{work: w, series: []*series{ran("fanout", w.fanout.items, time.Second)}}
		for _, c := range w.rivals {
			r.series = append(r.series, ran(c.name(), c.items, 2*time.Second))
		}
		results = append(results, r)
	}
	results = append(results, result{work: all[0], skipped: "slow"})
	text := render("the machine\n", results)
	for line := range strings.Lines(text) {
		if n := strings.Count(line, "|") - strings.Count(line, `\|`); strings.HasPrefix(line, "|") && n != 7 && n != 10 {
			t.Errorf("%d bars: %s", n, line)
		}
	}
	for _, want := range []string{
		"seq 3000 | fanout -j4 /usr/bin/true\n", "fanout -k 'head -c {} /dev/zero' ::: 4000000000\n",
		`sh -c 'gzip -c "$1" | wc -c' sh {}` + "\n", "skipped: slow",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("nine char ", 30)
	for line := range strings.Lines(wrap(long + "\nand more\n")) {
		if n := len(strings.TrimRight(line, "\n")); n > 120 || n < 50 && line != "and more\n" {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if got := wrap("a  b\nc\n"); got != "a b\nc\n" {
		t.Errorf("%q", got)
	}
}

func TestQuote(t *testing.T) {
	tests := map[string]string{"a": "a", "{}": "{}", ":::": ":::", "a b": "'a b'", "": "''", "it's": `'it'\''s'`, "$x": "'$x'"}
	for word, want := range tests {
		if got := quote(word); got != want {
			t.Errorf("quote(%q) = %s, not %s", word, got, want)
		}
	}
}

func TestUpdateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docs", "page.md")
	if err := updateFile(path, "one\n"); err != nil {
		t.Fatal(err)
	}
	first, _ := os.ReadFile(path)
	if !bytes.Contains(first, []byte(beginMarker+"\none\n"+endMarker)) {
		t.Errorf("new page: %s", first)
	}
	page := "prose\n" + beginMarker + "\nold\n" + endMarker + "\nmore prose"
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := updateFile(path, "new\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(path)
	if want := strings.Replace(page, "old", "new", 1); string(got) != want {
		t.Errorf("%s, not %s", got, want)
	}
	if err := os.WriteFile(path, []byte("only prose"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := updateFile(path, "new\n"); err == nil {
		t.Error("a page without markers was accepted")
	}
	if got, _ := os.ReadFile(path); string(got) != "only prose" {
		t.Errorf("it was changed: %s", got)
	}
}
