package sink

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fanout/internal/job"
)

// piece is a Printed in pieces of a size, or in one.
type piece struct {
	all  string
	size int // 0: in memory
	err  error
}

func (t piece) Len() int64 { return int64(len(t.all)) }

func (t piece) Bytes() ([]byte, bool) { return []byte(t.all), t.size == 0 }

func (t piece) Chunks(yield func([]byte, error) bool) {
	size := t.size
	if size == 0 {
		size = max(1, len(t.all))
	}
	for from := 0; from < len(t.all); from += size {
		if !yield([]byte(t.all[from:min(len(t.all), from+size)]), nil) {
			return
		}
	}
	if t.err != nil {
		yield(nil, t.err)
	}
}

func finished(seq int64, code int, item string) *job.Finished {
	return &job.Finished{
		Job:    job.Job{Index: seq, Attempt: 1, Items: []job.Item{{Seq: seq, Fields: []string{item}}}},
		Status: job.Status{Code: code, Worker: 1}, Ended: time.Now(),
	}
}

// jsonOutputs is the members of a record that hold a job's output.
type jsonOutputs struct {
	Stdout, Stderr *string
	Stdout64       *string `json:"stdout_base64"`
	Stderr64       *string `json:"stderr_base64"`
	StdoutCut      bool    `json:"stdout_truncated"`
	StderrCut      bool    `json:"stderr_truncated"`
}

// got returns what one output was. Either member may be there, but not both.
func got(t *testing.T, plain, coded *string) (s string, isText bool) {
	t.Helper()
	switch {
	case plain != nil && coded == nil:
		return *plain, true
	case coded != nil && plain == nil:
		b, err := base64.StdEncoding.DecodeString(*coded)
		if err != nil {
			t.Error(err)
		}
		return string(b), false
	}
	t.Errorf("%v and %v", plain, coded)
	return "", false
}

// written returns the line of JSON for a job that printed this.
func written(t *testing.T, s *JSON, item string, out, errs piece) jsonOutputs {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	fd, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	f, err := NewFile(int(fd.Fd()), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := errors.Join(s.Write(finished(1, 0, item), [2]Printed{out, errs}, f), f.Flush()); err != nil {
		t.Fatal(err)
	}
	line, _ := os.ReadFile(path)
	if bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' {
		t.Errorf("%q is not one line", line)
	}
	var o jsonOutputs
	if err := json.Unmarshal(line, &o); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return o
}

// TestJSON: outputs come back byte for byte, in whatever pieces they are held. Long ones are cut, but never within a
// character.
func TestJSON(t *testing.T) {
	for _, all := range []string{
		"", "plain\n", "\x00\"\\\t\r\n\x1b", "é", "ééé", "€uro", "a😀b", "\xff", "a\xc3", "\xe2\x82", "é\xff", "\xed\xa0\x80", strings.Repeat("long é\n", 30_000), strings.Repeat("x", 200_000) + "\xff",
	} {
		for _, size := range []int{0, 1, 2, 3, 7, 65536} {
			for _, limit := range []int64{0, 1, 2, 3, 5, 100_000} {
				if len(all) > 1000 && size > 0 && size < 100 && limit != 100_000 {
					continue // they take long, and show no more
				}
				o := written(t, &JSON{Limit: limit}, "x", piece{all: all, size: size}, piece{all: "e" + all, size: size})
				wanted, cut := all, false
				if limit > 0 && int64(len(all)) > limit {
					wanted, cut = all[:limit], true
				}
				isText := utf8.ValidString(wanted)
				for n := 1; cut && !isText && n < utf8.UTFMax && n <= len(wanted); n++ {
					if head := wanted[:len(wanted)-n]; utf8.ValidString(head) && !utf8.FullRuneInString(wanted[len(head):]) {
						wanted, isText = head, true
					}
				}
				if s, plain := got(t, o.Stdout, o.Stdout64); s != wanted || plain != isText || o.StdoutCut != cut {
					t.Errorf("%.20q in pieces of %d, cut at %d: %.20q, as text: %v, %v", all, size, limit, s, plain, o.StdoutCut)
				}
				if s, _ := got(t, o.Stderr, o.Stderr64); limit == 0 && s != "e"+all {
					t.Errorf("%.20q in pieces of %d: %.20q on stderr", all, size, s)
				}
			}
		}
	}
	if o := written(t, &JSON{Bare: true}, "x", piece{all: "a"}, piece{all: "b"}); o != (jsonOutputs{}) {
		t.Errorf("%+v", o)
	}
	why := errors.New("why")
	for _, all := range []string{"", "abc", "\xff"} {
		if err := (&JSON{}).Write(finished(1, 0, ""), [2]Printed{piece{all: all, size: 1, err: why}, piece{}}, nil); err != why {
			t.Errorf("%q: %v", all, err)
		}
	}
}

func newResults(t *testing.T, spec ResultsSpec) *Results {
	t.Helper()
	r, err := NewResults(spec)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// keepAndPut does what a run does with a job whose outcome is sure.
func keepAndPut(r *Results, d *job.Finished, out [2]Printed) error {
	if err := r.Keep(d, out); err != nil {
		return err
	}
	return r.Put(d)
}

func TestResults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	r := newResults(t, ResultsSpec{Flag: "--results", Dir: dir, Host: "h"})
	stopped := finished(4, 0, "d")
	stopped.Status = job.Status{Outcome: job.Stopped}
	for _, d := range []*job.Finished{finished(1, 0, "$(x)\xff"), finished(2, 3, "b"), finished(1000, 0, "c"), finished(123_456_789, 0, "e"), stopped} {
		if err := keepAndPut(r, d, [2]Printed{piece{all: fmt.Sprint("out ", d.Job.Index), size: 2}, piece{all: "\xff"}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"000000/1", "000000/2", "000001/1000", "123456/123456789"} {
		out, err := os.ReadFile(filepath.Join(dir, name, "stdout"))
		errs, _ := os.ReadFile(filepath.Join(dir, name, "stderr"))
		meta, _ := os.ReadFile(filepath.Join(dir, name, "meta.json"))
		if err != nil || string(out) != "out "+filepath.Base(name) || string(errs) != "\xff" || !json.Valid(meta) {
			t.Errorf("%s: %q, %q, %q, %v", name, out, errs, meta, err)
		}
	}
	if names := tree(t, dir); len(names) != 4*4+3 {
		t.Errorf("%q", names)
	}
	if _, err := NewResults(ResultsSpec{Flag: "--results", Dir: dir}); err == nil || !strings.Contains(err.Error(), "--results") || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a directory that is not empty: %v", err)
	}
	// A resumed run removes what was not finished, and replaces what it runs again.
	if err := os.MkdirAll(filepath.Join(dir, unfinished+"7"), 0o700); err != nil {
		t.Fatal(err)
	}
	again := newResults(t, ResultsSpec{Flag: "--results", Dir: dir, Again: true})
	if err := keepAndPut(again, finished(2, 0, "b"), [2]Printed{piece{all: "new"}, piece{}}); err != nil {
		t.Fatal(err)
	}
	if out, _ := os.ReadFile(filepath.Join(dir, "000000/2/stdout")); string(out) != "new" {
		t.Errorf("%q", out)
	}
	if names := tree(t, dir); len(names) != 4*4+3 {
		t.Errorf("%q", names)
	}
}

// TestResultsInDoubt: a job in doubt leaves no directory.
func TestResultsInDoubt(t *testing.T) {
	dir := t.TempDir()
	r := newResults(t, ResultsSpec{Flag: "--results", Dir: dir})
	for seq := range int64(3) {
		if err := r.Keep(finished(seq, 0, ""), [2]Printed{piece{}, piece{}}); err != nil {
			t.Fatal(err)
		}
	}
	if in, _ := filepath.Glob(dir + "/0*"); len(in) != 0 {
		t.Errorf("%q is there already", in)
	}
	r.Drop(finished(1, 0, ""))
	for _, seq := range []int64{0, 2} {
		if err := r.Put(finished(seq, 0, "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Put(finished(9, 0, "")); err != nil { // of which nothing was kept
		t.Error(err)
	}
	kept, _ := filepath.Glob(dir + "/*/*")
	if rest, _ := filepath.Glob(dir + "/.*"); len(kept) != 2 || len(rest) != 0 {
		t.Errorf("%q, and %q beside it", kept, rest)
	}
}

// tree returns all that is under dir.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			t.Error(err)
		}
		if path != dir {
			names = append(names, path)
		}
		return nil
	})
	return names
}

func TestErrorDir(t *testing.T) {
	dir := t.TempDir()
	r := newResults(t, ResultsSpec{Flag: "--error-dir", Dir: dir, Failed: true, Most: 2})
	for seq := range int64(10) {
		if err := keepAndPut(r, finished(seq, int(seq%2), ""), [2]Printed{piece{}, piece{}}); err != nil {
			t.Fatal(err)
		}
	}
	if kept, _ := filepath.Glob(dir + "/*/*"); len(kept) != 2 || filepath.Base(kept[0]) != "1" || filepath.Base(kept[1]) != "3" {
		t.Errorf("%q", kept)
	}
}

func TestResultsFail(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewResults(ResultsSpec{Flag: "--results", Dir: file}); err == nil || !strings.Contains(err.Error(), "--results "+file) {
		t.Errorf("a file: %v", err)
	}
	dir := t.TempDir()
	r := newResults(t, ResultsSpec{Flag: "--results", Dir: dir})
	why := errors.New("why")
	if err := r.Keep(finished(1, 0, ""), [2]Printed{piece{all: "x", size: 1, err: why}, piece{}}); !errors.Is(err, why) {
		t.Error(err)
	}
	if kept, _ := filepath.Glob(dir + "/*/*/meta.json"); len(kept) != 0 {
		t.Errorf("%q is half of what was printed", kept)
	}
}
