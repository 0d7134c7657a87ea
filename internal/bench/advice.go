package bench

import (
	"fmt"
	"slices"
	"time"

	"fanout/internal/text"
)

// Report is what came of it.
type Report struct {
	CPUs    int
	Items   int           // of the sample
	Jobs    int           // that they made
	Start   time.Duration // of a command that does nothing
	Rows    []Row         // the one for one after the other first, then by the number of slots
	Stopped Stopped
	Advice  Advice
}

// Stopped says why more workers were not tried.
type Stopped uint8

// The reasons.
const (
	NoGain     Stopped = iota // more did not make it faster
	OutOfTime                 // the time was up
	OutOfItems                // the sample has no more jobs than that
	Most                      // there are no more items, or more were not wanted
)

// Row is a setting and what it took.
type Row struct {
	Setting
	Wall       time.Duration // the median of its runs, as is CPU
	CPU        time.Duration
	Rate       float64 // items a second
	SpeedUp    float64 // against one after the other
	Efficiency float64 // SpeedUp for each job at a time
	Failed     int     // jobs, of all runs

	runs []Took
}

// Walls is what each run took, in their order.
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

// Bound is what holds a job up.
type Bound string

// What it can be.
const (
	CPU     Bound = "cpu"
	Waiting Bound = "waiting"
	StartUp Bound = "start-up"
)

// Advice is the setting to use, and why.
type Advice struct {
	Setting
	Flags string // that ask for it
	Bound Bound
	Text  string // all of it in one line
}

// advise takes the setting with the fewest jobs at a time among those that are as good as the
// fastest.
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
		a.Text += fmt.Sprintf("; more than %d at a time may be faster still, which a longer --time or a larger --sample tells", most)
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

// bound says what holds up a job that runs alone: half its time tells.
func bound(r *Report) (Bound, string) {
	alone := r.Rows[0]
	one := alone.Wall / time.Duration(r.Jobs)
	computes := 100 * alone.CPU.Seconds() / max(alone.Wall.Seconds(), 1e-9)
	switch {
	case 2*r.Start >= one:
		return StartUp, fmt.Sprintf("start-up: to start a command that does nothing takes %s of the %s of a job; -n gives each start more items",
			text.Seconds(min(r.Start, one).Seconds()), text.Seconds(one.Seconds()))
	case computes >= 50:
		return CPU, fmt.Sprintf("CPU: a job computes %.0f %% of its time", computes)
	default:
		return Waiting, fmt.Sprintf("waiting: a job computes %.0f %% of its time", computes)
	}
}
