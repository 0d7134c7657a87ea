package report

import "math"

// histogram counts jobs by their duration, in four steps a decade.
type histogram struct {
	Bins []bin
	Most int64 // the jobs of the fullest bin
}

type bin struct {
	From, To float64 // seconds
	Jobs     int64
	Labeled  bool

	X, Y, Width, Bar, Height float64 // percent of the chart
}

const binsPerDecade = 4

// newHistogram makes a histogram of durations in ascending order.
func newHistogram(sorted []float32) histogram {
	var h histogram
	if len(sorted) == 0 {
		return h
	}
	first, last := binOf(sorted[0]), binOf(sorted[len(sorted)-1])
	h.Bins = make([]bin, last-first+1)
	for _, s := range sorted {
		b := &h.Bins[binOf(s)-first]
		b.Jobs++
		h.Most = max(h.Most, b.Jobs)
	}
	width := 100 / float64(len(h.Bins))
	for i := range h.Bins {
		b := &h.Bins[i]
		b.From, b.To = binStart(first+i), binStart(first+i+1)
		b.X, b.Width, b.Bar = float64(i)*width, width, width*0.92
		b.Height = 100 * float64(b.Jobs) / float64(h.Most)
		b.Y = 100 - b.Height
		b.Labeled = len(h.Bins) <= 3*binsPerDecade || (first+i)%binsPerDecade == 0
	}
	return h
}

// least is the shortest duration, in seconds, that has a bin of its own.
const least = 1e-6

func binOf(s float32) int {
	return int(math.Floor(binsPerDecade*math.Log10(math.Max(float64(s), least)/least) + 1e-6))
}

func binStart(n int) float64 { return least * math.Pow(10, float64(n)/binsPerDecade) }
