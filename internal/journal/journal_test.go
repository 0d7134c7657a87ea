package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/record"
)

// hostile holds items that are hard to write down.
var hostile = []string{
	"", "plain", "$(touch pwned)", "two\nlines", "\x00", "\xff\xfe", `"`, `\`, `],"at":[7],"id":["`, `"],"ok":true,`, `{"journal":1}`, "é\u2028\x7f\x1b[31m", strings.Repeat("long ", 1<<16),
}

func item(seq int64, fields ...string) job.Item { return job.Item{Seq: seq, Fields: fields} }

func ended(ok bool, items ...job.Item) *job.Finished {
	d := &job.Finished{Job: job.Job{Index: items[0].Seq, Attempt: 1, Items: items}, Ended: time.Now()}
	if !ok {
		d.Status.Code = 3
		d.Tail = []byte("why\xff\n")
	}
	return d
}

func spec(path string) Spec {
	return Spec{Path: path, Header: record.Header{Version: "v", Argv: []record.Text{"fanout", "\xff"}, Template: "t"}}
}

// begin opens a journal and begins it.
func begin(s Spec) (*Journal, error) {
	j, err := Open(s)
	if err == nil {
		err = j.Begin()
	}
	return j, err
}

// resumed opens the journal for a run that resumes it.
func resumed(t *testing.T, path string) *Journal {
	t.Helper()
	s := spec(path)
	s.Resume = true
	j, err := begin(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.file.f.Close() }) // if the test has not closed it
	return j
}

// write makes a journal of these jobs.
func write(t *testing.T, done ...*job.Finished) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal")
	j, err := begin(spec(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Add(done); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func each(items ...job.Item) iter.Seq2[job.Item, error] {
	return func(yield func(job.Item, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// left returns the numbers of the items that a run with this journal would run.
func left(j *Journal, items ...job.Item) (numbers []int64) {
	for it := range j.Items(each(items...)) {
		numbers = append(numbers, it.Seq)
	}
	return numbers
}

func TestResume(t *testing.T) {
	words := func(all string) (items []job.Item) {
		for i, word := range strings.Fields(all) {
			items = append(items, item(int64(i+1), word))
		}
		return items
	}
	abc := []*job.Finished{ended(true, item(1, "a")), ended(false, item(2, "b")), ended(true, item(3, "c"))}
	twice := []*job.Finished{ended(false, item(1, "x")), ended(true, item(2, "x")), ended(false, item(4, "x"))}
	batches := []*job.Finished{ended(false, item(1, "a"), item(2, "b"), item(3, "c")), ended(true, item(4, "d"), item(5, "a"))}
	for _, tt := range []struct {
		name           string
		journal        []*job.Finished
		list           string
		resume, failed []int64 // what each runs
	}{
		{"the same list", abc, "a b c", []int64{2}, []int64{2}},
		{"a new item", abc, "a b c d", []int64{2, 4}, []int64{2}},
		{"one before all", abc, "z a b c", []int64{4, 2}, []int64{2}},
		{"the first is gone", abc, "b c", []int64{2}, []int64{2}},
		{"an edited item", abc, "a B c", []int64{4}, nil},
		{"the other way round", abc, "c b a", []int64{2}, []int64{2}},
		{"more of one that is done", abc, "a a b a", []int64{4, 2, 5}, []int64{2}},
		{"more of one that has failed", abc, "b b b", []int64{2, 4, 5}, []int64{2}},
		{"all are gone", abc, "", nil, nil},
		{"far beyond", abc, strings.Repeat("a ", 9) + "d", []int64{4, 5, 6, 7, 8, 9, 10, 11, 12}, nil},
		{"several are the same", twice, "x x y x", []int64{1, 3, 4}, []int64{1, 4}},
		{"fewer of them", twice, "x x", []int64{1}, []int64{1}},
		{"as many as are done", twice, "x", nil, nil},
		{"more of them", twice, "x x x x x", []int64{1, 4, 5, 6}, []int64{1, 4}},
		{"a place that is free, among others", twice, "y z u v", []int64{5, 6, 3, 7}, nil},
		{"items of batches", batches, "a b c d a", []int64{2, 3, 1}, []int64{2, 3, 1}},
		{"failed and then done", append(slices.Clone(abc), ended(true, item(2, "b"))), "a b c", nil, nil},
		{"done and then failed", append(slices.Clone(abc), ended(false, item(1, "a"))), "a b c", []int64{1, 2}, []int64{1, 2}},
		{"failed at two places, which format 1 has", append(slices.Clone(abc), ended(true, item(1, "b"))), "b a c", nil, nil},
		{"a place that had two items", append(slices.Clone(abc), ended(false, item(1, "z")), ended(false, item(1, "a")), ended(true, item(1, "z"))), "z a b c", []int64{1, 2}, []int64{1, 2}},
	} {
		path := write(t, tt.journal...)
		for _, failed := range []bool{false, true} {
			s := spec(path)
			s.Resume, s.Failed = !failed, failed
			j, err := Peek(s)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.resume
			if failed {
				want = tt.failed
			}
			list := words(tt.list)
			got := left(j, list...)
			if !slices.Equal(got, want) || j.LeftOut() != int64(len(list)-len(got)) || j.Strange() > 0 && !failed {
				t.Errorf("%s: %q, only failed: %v: %v, want %v; %d are left out, %d not known", tt.name, tt.list, failed, got, want, j.LeftOut(), j.Strange())
			}
		}
	}
}

// TestMissing counts the failed items that the input does not have, once all of it is read.
func TestMissing(t *testing.T) {
	path := write(t, ended(false, item(1, "a")), ended(true, item(2, "b")), ended(false, item(3, "c")), ended(false, item(4, "a")), ended(false, item(5, "b")))
	for _, tt := range []struct {
		list []job.Item
		want int64
	}{
		{nil, 3}, {[]job.Item{item(1, "a")}, 1}, {[]job.Item{item(1, "c"), item(2, "b")}, 2}, {[]job.Item{item(1, "c"), item(2, "a")}, 0},
	} {
		for _, tail := range []error{nil, errors.New("unreadable")} {
			j := resumed(t, path)
			items := each(tt.list...)
			want := tt.want
			if tail != nil {
				want, items = 0, func(yield func(job.Item, error) bool) {
					for it := range each(tt.list...) {
						if !yield(it, nil) {
							return
						}
					}
					yield(job.Item{}, tail)
				}
			}
			for range j.Items(items) {
			}
			if j.Missing() != want {
				t.Errorf("%v, %v: %d are missing, want %d", tt.list, tail, j.Missing(), want)
			}
			j.Close()
		}
	}
}

// TestHostile reads all items back byte for byte, and finds them again.
func TestHostile(t *testing.T) {
	var done []*job.Finished
	var items []job.Item
	for i, text := range hostile {
		it := item(int64(i+1), text, "field "+text)
		items = append(items, it)
		done = append(done, ended(i%2 == 0, it))
	}
	path := write(t, done...)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if len(lines) != 1+len(hostile) {
		t.Fatalf("%d lines", len(lines))
	}
	var h record.Header
	if err := json.Unmarshal(lines[0], &h); err != nil || h.Argv[1] != "\xff" || h.Format != record.Format || h.Template != "t" || h.Time.IsZero() {
		t.Errorf("%+v, %v", h, err)
	}
	for i, want := range hostile {
		var l record.Line
		if err := json.Unmarshal(lines[i+1], &l); err != nil || string(l.Items[0]) != want {
			t.Errorf("%.40q: %.80s, %v", want, lines[i+1], err)
		}
		if l.OK != (i%2 == 0) || l.At[0] != int64(i+1) || !l.OK && l.Stderr != "why\xff\n" {
			t.Errorf("%.40q: %+v", want, l)
		}
		if x := newIndex(); !(&reader{index: x}).quick(lines[i+1]) {
			t.Errorf("%.40q is not read quickly", want)
		}
	}
	places := left(resumed(t, path), items...)
	var want []int64
	for i := 2; i <= len(hostile); i += 2 {
		want = append(want, int64(i))
	}
	if !reflect.DeepEqual(places, want) {
		t.Errorf("%v, want %v", places, want)
	}
}

// TestIdentify distinguishes items whose fields join to the same text.
func TestIdentify(t *testing.T) {
	seen := map[ID]bool{}
	for _, it := range []job.Item{item(1), item(1, ""), item(1, "", ""), item(1, "ab"), item(1, "a", "b"), item(1, "", "ab"), item(1, strings.Repeat("x", 300))} {
		if id := Identify(it); seen[id] {
			t.Errorf("%q is taken for another", it.Fields)
		} else {
			seen[id] = true
		}
	}
}

// TestTorn cuts a journal at each byte: what is left can be read and resumed.
func TestTorn(t *testing.T) {
	path := write(t, ended(true, item(1, "a")), ended(true, item(2, "b")))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{}
	for i, c := range whole {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	for size := range len(whole) {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		j := resumed(t, path)
		places := left(j, item(1, "a"), item(2, "b"))
		want := 2
		for _, end := range ends[1:] {
			if size >= end {
				want--
			}
		}
		torn := size > 0 && whole[size-1] != '\n'
		if len(places) != want || (len(j.Notes()) > 0) != torn {
			t.Errorf("cut at %d: %v, %q", size, places, j.Notes())
		}
		if err := j.Add([]*job.Finished{ended(true, item(2, "b"))}); err != nil {
			t.Fatal(err)
		}
		j.Close()
		text, _ := os.ReadFile(path)
		for line := range bytes.Lines(text) {
			if !json.Valid(line) {
				t.Errorf("cut at %d: %q is left", size, line)
			}
		}
	}
}

// TestStopped checks that a stopped job gets no line.
func TestStopped(t *testing.T) {
	d := ended(true, item(1, "a"))
	d.Status = job.Status{Outcome: job.Stopped}
	if places := left(resumed(t, write(t, d)), item(1, "a")); len(places) != 1 {
		t.Errorf("%v", places)
	}
}

// TestTakeBack checks that a reply that is taken back is no success, whatever the order of the lines.
func TestTakeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := begin(spec(path))
	if err != nil {
		t.Fatal(err)
	}
	answered := func(program int, place int64, text string) *job.Finished {
		d := ended(true, item(place, text))
		d.Status.Program = program
		return d
	}
	for _, step := range []func() error{
		func() error {
			return j.Add([]*job.Finished{answered(1, 1, "a"), answered(2, 2, "b"), answered(12, 3, "c")})
		},
		func() error { return j.TakeBack([]int{2, 7}, errors.New("one\ntoo many\xff")) },
		func() error {
			return j.Add([]*job.Finished{answered(2, 4, "d"), answered(3, 5, "e"), ended(true, item(6, "f"))})
		},
		j.Close,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	all := []job.Item{item(1, "a"), item(2, "b"), item(3, "c"), item(4, "d"), item(5, "e"), item(6, "f")}
	j = resumed(t, path)
	if places := left(j, all...); !reflect.DeepEqual(places, []int64{2, 4}) || j.Programs() != 12 {
		t.Errorf("%v are run, the last program is %d", places, j.Programs())
	}
	if err := j.Add([]*job.Finished{answered(13, 2, "b"), answered(13, 4, "d")}); err != nil {
		t.Fatal(err)
	}
	j.Close()
	j = resumed(t, path)
	if places := left(j, all...); len(places) > 0 {
		t.Errorf("after another try: %v", places)
	}
	text, _ := os.ReadFile(path)
	for line := range bytes.Lines(text) {
		var back record.TakenBack
		if record.IsTakenBack(line) && (back.Read(line) != nil || back.Error != "one\ntoo many\uFFFD" || !slices.Equal(back.Programs, []int{2, 7})) {
			t.Errorf("%s", line)
		}
	}
}
