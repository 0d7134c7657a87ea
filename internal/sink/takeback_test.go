package sink

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fanout/internal/job"
	"fanout/internal/record"
)

// TestTakeBack: of the jobs in question those are lost that these programs have answered, and that
// had succeeded. Nothing else is changed, whatever items look like.
func TestTakeBack(t *testing.T) {
	dir := t.TempDir()
	r, err := NewResults(ResultsSpec{Dir: dir, Rows: record.ObjectRows()})
	if err != nil {
		t.Fatal(err)
	}
	const sly = `{"a":1,"program":2,"ok":true,"outcome":"exited","exit_code":0,"signal":null,"b":2}`
	jobs := []struct {
		number  int64
		program int
		code    int
		lost    bool
	}{{1, 2, 0, false}, {2, 2, 0, true}, {3, 1, 0, false}, {4, 2, 3, false}, {5, 22, 0, false}, {6, 0, 0, false}, {999, 2, 0, true}, {1000, 7, 0, true}, {3000, 2, 0, true}, {3001, 2, 0, false}}
	was := map[int64]string{}
	meta := func(number int64) string {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%06d/%d/meta.json", number/1000, number)))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, j := range jobs {
		d := finished(j.number, j.code, sly)
		d.Status.Program = j.program
		if err := r.Keep(d, [2]Printed{piece{all: "reply\n"}, piece{}}); err != nil {
			t.Fatal(err)
		}
		if err := r.Put(d); err != nil {
			t.Fatal(err)
		}
		was[j.number] = meta(j.number)
	}
	why := errors.New(`one "too" many`)
	if err := r.TakeBack(map[int]error{2: why, 7: why}, 2, 3000); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		text := meta(j.number)
		var got struct {
			OK       bool
			Outcome  string
			ExitCode *int `json:"exit_code"`
			Error    string
			Program  int
			Items    []string
			Fields   []json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		switch {
		case !j.lost && text != was[j.number]:
			t.Errorf("%d: %s, was %s", j.number, text, was[j.number])
		case j.lost && (got.OK || got.Outcome != "lost" || got.ExitCode != nil || got.Error != `lost: one "too" many` || got.Program != j.program || got.Items[0] != sly || string(got.Fields[0]) != sly):
			t.Errorf("%d: %s", j.number, text)
		}
		entries, _ := os.ReadDir(filepath.Join(dir, fmt.Sprintf("%06d/%d", j.number/1000, j.number)))
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if !slices.Equal(names, []string{"meta.json", "stderr", "stdout"}) {
			t.Errorf("%d: %q", j.number, names)
		}
	}
	bad, err := NewResults(ResultsSpec{Dir: t.TempDir(), Failed: true})
	if err != nil || bad.TakeBack(map[int]error{2: why}, 1, 10) != nil {
		t.Errorf("%v", err)
	}
}

func TestSummaryTakesBack(t *testing.T) {
	var s Summary
	for i, code := range []int{0, 0, 0, 1} {
		d := finished(int64(i+1), code, "x")
		d.Job.Attempt = 1 + i%2
		s.Observe(job.Event{Kind: job.Done, Job: d.Job, Status: d.Status})
	}
	s.TakeBack(2, 1)
	if s.Jobs() != 4 || s.Failed() != 3 || !s.Lost() {
		t.Errorf("%+v", s)
	}
	if want := "4 jobs: 1 ok, 3 failed (2 lost); 6 tries"; s.line() != want {
		t.Errorf("%q, want %q", s.line(), want)
	}
}
