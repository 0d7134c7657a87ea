package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fanout/internal/text"
)

// barsMax limits the bars of a timeline. More bars are merged with their neighbours.
const barsMax = 50_000

// timeline shows what every worker did when. The runs follow each other without the time between them.
type timeline struct {
	Workers  []string  `json:"workers"`
	Outcomes []string  `json:"outcomes"` // their names, for the numbers of bars
	Runs     []float64 `json:"runs"`     // the start of each, in seconds from the first
	Span     float64   `json:"span"`     // seconds of all runs
	Merged   bool      `json:"merged"`   // a bar may be several jobs
	Bars     []bar     `json:"bars"`
}

// bar is a job, or several jobs of the same worker in a row.
type bar struct {
	Worker int     `json:"w"` // index into Workers
	Start  float64 `json:"t"` // seconds
	Length float64 `json:"d"`
	Number int     `json:"e"` // of the outcome; of several jobs, that of the first that failed
	Seq    int64   `json:"n"` // of the first job
	Jobs   int     `json:"k,omitempty"`
	Failed int     `json:"f,omitempty"`
	Label  string  `json:"l,omitempty"`
}

// labels returns the names of all outcomes for people.
func labels() []string {
	var all []string
	for _, name := range outcomes {
		all = append(all, label(name))
	}
	return all
}

// label returns the name of an outcome for people.
func label(name string) string { return strings.ReplaceAll(name, "_", " ") }

// class returns the class that colours an outcome.
func class(number int) string { return "e" + strconv.Itoa(number) }

// timeline reads the journal a second time.
func (t *tally) timeline(j *Journal) (timeline, error) {
	workers := slices.SortedFunc(maps.Keys(t.workers), func(a, b worker) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.number, b.number))
	})
	line := timeline{Workers: []string{}, Outcomes: labels(), Bars: []bar{}, Runs: []float64{}, Span: t.span().Seconds(), Merged: int64(len(t.seconds)) > barsMax}
	index := map[worker]int{}
	for i, w := range workers {
		index[w] = i
		name := strconv.Itoa(w.number)
		if w.host != t.header.Host {
			name = w.host + " " + name
		}
		line.Workers = append(line.Workers, name)
	}
	m := merger{line: &line, cells: make([][]bar, len(workers)), width: line.Span / float64(max(1, barsMax/max(1, len(workers))))}
	var offset, next time.Duration
	run := -1
	for e, err := range j.entries {
		if err != nil {
			return line, err
		}
		if e.header != nil {
			run++
			offset, next = next, next+t.runs[run].span()
			line.Runs = append(line.Runs, offset.Seconds())
			continue
		}
		l := &e.job
		if l.Worker == 0 {
			continue
		}
		began := max(0, l.Start.Sub(t.runs[run].began))
		b := bar{Worker: index[worker{l.Host, l.Worker}], Start: micro((offset + began).Seconds()), Length: l.Seconds, Number: outcomeNumber(l.OK, l.Outcome), Seq: l.Seq}
		if line.Merged {
			m.add(b)
			continue
		}
		const labelMax = 80
		if len(l.Items) > 0 {
			b.Label = text.Clip(string(l.Items[0]), labelMax)
		}
		line.Bars = append(line.Bars, b)
	}
	m.flush()
	return line, nil
}

// merger makes one bar of all bars in a short stretch of time.
type merger struct {
	line  *timeline
	cells [][]bar // by worker, and by stretch
	width float64 // of a stretch
}

func (m *merger) add(b bar) {
	n := 0
	if m.width > 0 {
		n = int(b.Start / m.width)
	}
	cells := m.cells[b.Worker]
	for len(cells) <= n {
		cells = append(cells, bar{})
	}
	c := &cells[n]
	if c.Jobs == 0 {
		*c = b
	}
	end := max(c.Start+c.Length, b.Start+b.Length)
	c.Start = min(c.Start, b.Start)
	c.Length = micro(end - c.Start)
	c.Jobs++
	if outcomes[b.Number] != okOutcome {
		if c.Failed == 0 {
			c.Number = b.Number
		}
		c.Failed++
	}
	m.cells[b.Worker] = cells
}

func (m *merger) flush() {
	for _, cells := range m.cells {
		for _, c := range cells {
			if c.Jobs > 0 {
				m.line.Bars = append(m.line.Bars, c)
			}
		}
	}
}
