package bench

import (
	"fmt"
	"slices"
	"time"

	"fanout/internal/text"
)

// Report is the result of [Measure].
type Report struct {
	CPUs    int
	Items   int           // of the sample
	Jobs    int           // that the items made
	Start   time.Duration // what it takes to start a command that does nothing
	Rows    []Row         // the sequential one first, then by the number of slots
	Stopped Stopped
	Advice  Advice

	alone bool // a job cannot have several items
}

// Stopped tells why Measure did not try more workers.
type Stopped uint8

// The reasons.
const (
	NoGain     Stopped = iota // more workers were not faster
	OutOfTime                 // the time was up
	OutOfItems                // the sample has no more jobs
	Most                      // there are no more items, or the user wants no more workers
)

// Row is a setting and its figures.
type Row struct {
	Setting
	Wall       time.Duration // the median of its runs, as is CPU
	CPU        time.Duration
	Rate       float64 // items a second
	SpeedUp    float64 // over the sequential row
	Efficiency float64 // SpeedUp per slot
	Failed     int     // jobs that failed, in all runs

	runs []Took
}

// Walls returns the wall time of each run, in order.
func (r *Row) Walls() []time.Duration {
	var all []time.Duration
	for _, run := range r.runs {
		all = append(all, run.Wall)
	}
	return all
}

func (r *Row) rate() float64 {
	return float64(r.runs[0].Items) / max(median(r.Walls()).Seconds(), 1e-9)
}

func (r *Row) compare(base float64) {
	var cpu []time.Duration
	for _, run := range r.runs {
		cpu = append(cpu, run.CPU)
		r.Failed += run.Failed
	}
	r.Wall, r.CPU, r.Rate = median(r.Walls()), median(cpu), r.rate()
	r.SpeedUp = r.Rate / base
	r.Efficiency = r.SpeedUp / float64(r.slots())
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// Bound is what limits the speed of a job.
type Bound string

// The bounds.
const (
	CPU     Bound = "cpu"
	Waiting Bound = "waiting"
	StartUp Bound = "start-up"
)

// Advice is the setting to use, with the reason.
type Advice struct {
	Setting
	Flags string // that select it
	Bound Bound
	Text  string // the whole advice in one line
}

// advise takes the setting with the fewest slots among those that are as good as the fastest.
func advise(r *Report) Advice {
	top := 0.0
	for _, row := range r.Rows {
		top = max(top, row.Rate)
	}
	at := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Rate*gain >= top })
	a := Advice{Setting: r.Rows[at].Setting, Flags: flagsOf(r.Rows[at].Setting)}
	why := ""
	a.Bound, why = bound(r)
	if at == 0 {
		a.Text = fmt.Sprintf("%s: more at a time is not faster; bound by %s", a.Flags, why)
	} else {
		a.Text = fmt.Sprintf("%s, which is %s times as fast as one after the other; bound by %s", a.Flags, text.Three(r.Rows[at].SpeedUp), why)
	}
	if most := r.Rows[len(r.Rows)-1].slots(); a.slots() == most && (r.Stopped == OutOfItems || r.Stopped == OutOfTime) {
		a.Text += fmt.Sprintf("; more than %d at a time may be faster still: try a longer --time or a larger --sample", most)
	}
	return a
}

func flagsOf(s Setting) string {
	jobs := fmt.Sprintf("-j %d", s.Workers)
	switch {
	case s.Mode == "process" && s.Threads > 1:
		return fmt.Sprintf("--mode process %s --threads %d", jobs, s.Threads)
	case s.Mode == "process":
		return "--mode process " + jobs
	case s.Mode == "persistent":
		return "--persistent " + jobs
	default:
		return jobs
	}
}

// bound tells what limits a job that runs alone: what takes at least half of its time.
func bound(r *Report) (Bound, string) {
	alone := r.Rows[0]
	one := alone.Wall / time.Duration(r.Jobs)
	computes := 100 * alone.CPU.Seconds() / max(alone.Wall.Seconds(), 1e-9)
	switch {
	case 2*r.Start >= one:
		why := fmt.Sprintf("start-up: starting a command that does nothing takes %s of the %s of a job",
			text.Seconds(min(r.Start, one).Seconds()), text.Seconds(one.Seconds()))
		if !r.alone {
			why += "; use -n to give each start more items"
		}
		return StartUp, why
	case computes >= 50:
		return CPU, fmt.Sprintf("CPU: a job computes %.0f %% of its time", computes)
	default:
		return Waiting, fmt.Sprintf("waiting: a job computes %.0f %% of its time", computes)
	}
}
