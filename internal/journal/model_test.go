package journal

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"fanout/internal/job"
	"fanout/internal/record"
)

// model holds what a journal should know, as plainly as possible.
type model struct {
	t     *testing.T
	r     *rand.Rand
	path  string
	items map[int64]outcome // by the number of an item
	jobs  map[int64]outcome // by the number of a job
	list  []string
}

// outcome is the last outcome of an item or a job.
type outcome struct {
	text    string
	ok      bool
	program int
}

// TestModel runs, edits and resumes random lists again and again: with items that occur several times, in batches or
// not, with failures, jobs without a line, runs that are cut short, and replies that are taken back. It compares what is
// run with a model.
func TestModel(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	for seed := range uint64(rounds) {
		m := &model{t: t, r: rand.New(rand.NewPCG(seed, 5)), path: filepath.Join(t.TempDir(), "journal"), items: map[int64]outcome{}, jobs: map[int64]outcome{}}
		plain := m.r.IntN(2) == 0 // never in batches
		for range 2 + m.r.IntN(8) {
			m.edit()
			batch := 1
			if !plain {
				batch += m.r.IntN(3)
			}
			m.run(batch)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// edit changes the list.
func (m *model) edit() {
	word := func() string { return string(rune('a' + m.r.IntN(7))) }
	for range m.r.IntN(6) {
		at := m.r.IntN(len(m.list) + 1)
		switch m.r.IntN(5) {
		case 0, 1:
			m.list = append(m.list[:at:at], append([]string{word()}, m.list[at:]...)...)
		case 2:
			if at < len(m.list) {
				m.list = append(m.list[:at:at], m.list[at+1:]...)
			}
		case 3:
			if at < len(m.list) {
				m.list[at] = word()
			}
		case 4:
			m.r.Shuffle(len(m.list), func(i, j int) { m.list[i], m.list[j] = m.list[j], m.list[i] })
		}
	}
}

// run resumes the journal, with jobs of that many items.
func (m *model) run(batch int) {
	s := Spec{Path: m.path, Resume: true, Header: record.Header{Template: "t"}}
	if len(m.jobs) > 0 && m.r.IntN(3) == 0 {
		s.Resume, s.Failed = false, true
	}
	j, err := begin(s)
	if err != nil {
		m.t.Fatal(err)
	}
	defer j.Close()
	var list, picked []job.Item
	for i, word := range m.list {
		list = append(list, item(int64(i+1), word))
	}
	most := len(list)
	if m.r.IntN(3) == 0 {
		most = m.r.IntN(len(list) + 1)
	}
	for it := range j.Items(each(list...)) {
		if len(picked) == most {
			most = -1
			break // it was cut short
		}
		picked = append(picked, it)
	}
	m.checkItems(picked)
	if most >= 0 {
		m.checkCounts(picked, s.Failed, j)
	}
	program := 0
	if m.r.IntN(2) == 0 {
		program = j.Programs() + 1
	}
	m.end(j, picked, batch, program)
	if program > 0 && m.r.IntN(3) == 0 {
		if err := j.TakeBack([]int{program}, errors.New("why")); err != nil {
			m.t.Fatal(err)
		}
		for _, all := range []map[int64]outcome{m.items, m.jobs} {
			for n, o := range all {
				if o.program == program {
					o.ok = false
					all[n] = o
				}
			}
		}
	}
}

// end ends jobs, each with a random outcome.
func (m *model) end(j *Journal, picked []job.Item, batch, program int) {
	after, all := j.Numbers()
	for seq := int64(1); len(picked) > 0; seq++ {
		n := min(batch, len(picked))
		number := picked[0].Seq
		if batch > 1 || all {
			number = after + seq
		}
		if o, had := m.jobs[number]; had && (o.ok || batch > 1 || all || o.text != picked[0].String()) {
			m.t.Errorf("job %d of %q is another's: %+v", number, picked[:n], o)
		}
		d := &job.Finished{Job: job.Job{Index: seq, Offset: number - seq, Attempt: 1, Items: picked[:n]}}
		picked = picked[n:]
		switch m.r.IntN(6) {
		case 0:
			continue // it was stopped, or the run was killed
		case 1, 2:
			d.Status.Code = 1
		}
		d.Status.Program = program
		if err := j.Add([]*job.Finished{d}); err != nil {
			m.t.Fatal(err)
		}
		o := outcome{text: d.Job.Items[0].String(), ok: d.Status.OK(), program: program}
		m.jobs[number] = o
		for _, it := range d.Job.Items {
			o.text = it.String()
			m.items[it.Seq] = o
		}
	}
}

// checkItems checks that each item that runs has a number of its own, and keeps that number when it runs again.
func (m *model) checkItems(picked []job.Item) {
	seen := map[int64]bool{}
	for _, it := range picked {
		if o, had := m.items[it.Seq]; seen[it.Seq] || had && (o.ok || o.text != it.String()) {
			m.t.Errorf("item %d, %q, is another's: %+v", it.Seq, it, o)
		}
		seen[it.Seq] = true
	}
}

// checkCounts checks how many items of each content are run, and the count of those that are left out.
func (m *model) checkCounts(picked []job.Item, onlyFailed bool, j *Journal) {
	type count struct{ listed, done, failed, run, again int }
	counts := map[string]*count{}
	of := func(text string) *count {
		if counts[text] == nil {
			counts[text] = &count{}
		}
		return counts[text]
	}
	for _, text := range m.list {
		of(text).listed++
	}
	for _, o := range m.items {
		if o.ok {
			of(o.text).done++
		} else {
			of(o.text).failed++
		}
	}
	for _, it := range picked {
		of(it.String()).run++
		if _, had := m.items[it.Seq]; had {
			of(it.String()).again++
		}
	}
	var strange, missing int64
	for text, c := range counts {
		left := max(0, c.listed-c.done)
		again := min(left, c.failed)
		want := left
		if onlyFailed {
			want = again
			strange += int64(left - again)
		}
		if c.run != want || c.again != again {
			m.t.Errorf("%q: %+v, want %d run, %d of them again; of %q, only failed: %v", text, *c, want, again, m.list, onlyFailed)
		}
		if c.listed == 0 && c.done == 0 {
			missing += int64(c.failed)
		}
	}
	if out := int64(len(m.list) - len(picked)); j.LeftOut() != out || j.Strange() != strange || j.Done() != out-strange || j.Missing() != missing {
		m.t.Errorf("%d left out, %d done, %d strange, %d missing; want %d, %d, %d, %d", j.LeftOut(), j.Done(), j.Strange(), j.Missing(), out, out-strange, strange, missing)
	}
}
