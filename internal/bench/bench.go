// Package bench finds the fastest way to run a command: [Measure] runs a sample of the items one after the other, then
// with other modes and numbers of workers in turn, and compares them.
package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"fanout/internal/text"
)

// Setting is one way to run the sample.
type Setting struct {
	Mode    string // Sequential, or a mode of fanout
	Workers int
	Threads int // jobs at a time in each worker
}

// Sequential is the mode of the setting with which all others are compared.
const Sequential = "sequential"

func (s Setting) slots() int { return s.Workers * s.Threads }

func (s Setting) String() string {
	switch {
	case s.Mode == Sequential:
		return s.Mode
	case s.Threads > 1:
		return fmt.Sprintf("%s -j %d --threads %d", s.Mode, s.Workers, s.Threads)
	default:
		return fmt.Sprintf("%s -j %d", s.Mode, s.Workers)
	}
}

// Took tells what one run took.
type Took struct {
	Items  int // that ran: fewer than asked for when there are no more
	Jobs   int
	Failed int
	Wall   time.Duration
	CPU    time.Duration // user and system, of fanout and all jobs
}

// Runner runs the first items with a setting.
type Runner interface {
	Run(ctx context.Context, s Setting, items int) (Took, error)
	// Start returns the time to start what a job starts, when that does nothing. It is 0 when a job starts nothing.
	Start(ctx context.Context) (time.Duration, error)
}

// Spec says what Measure tries.
type Spec struct {
	CPUs    int
	Modes   []string // besides sequential
	Threads int      // of each worker in process mode
	Most    int      // the largest number of workers; 0: as many as make it faster
	Items   int      // the largest sample
	Splits  bool     // the sample makes as many jobs as there are workers
	Alone   bool     // a job cannot have several items
	Time    time.Duration
	Tell    func(string) // takes what runs next
	Warn    func(string) // takes what the user should know
}

// roundsMax limits the runs of each setting: more would tell nothing new.
const roundsMax = 7

// gain is the factor by which twice the workers must be faster to be worth it, and a setting than one with fewer slots.
const gain = 1.05

// Measure runs the sample with all settings, in rounds, until the time is up.
func Measure(ctx context.Context, spec Spec, runner Runner) (*Report, error) {
	m := &measurement{spec: spec, runner: runner, ends: time.Now().Add(spec.Time), rows: map[Setting]*Row{}}
	if err := m.chooseSample(ctx); err != nil {
		return nil, err
	}
	if m.report.Items < 2 {
		return nil, errors.New("the sample has one item: bench needs at least two")
	}
	if err := m.firstRound(ctx); err != nil {
		return nil, err
	}
	if err := m.moreRounds(ctx); err != nil {
		return nil, err
	}
	return m.finish(), nil
}

// measurement is one call of Measure.
type measurement struct {
	spec   Spec
	runner Runner
	ends   time.Time
	rows   map[Setting]*Row
	order  []Setting // in which they run
	best   float64   // items a second of the fastest so far
	report Report

	exhausted bool // the sample is all items, as far as is known
}

func sequential() Setting { return Setting{Mode: Sequential, Workers: 1, Threads: 1} }

// chooseSample takes as many items as run one after the other in a twelfth of the time, which leaves time for three
// rounds on two CPUs. It takes some for each CPU in any case.
func (m *measurement) chooseSample(ctx context.Context) error {
	const share, fewPerCPU, growth = 12, 4, 8
	n, took := 1, Took{}
	for {
		var err error
		m.spec.Tell(fmt.Sprintf("choosing the sample: %s", text.Plural(int64(n), "item", "items")))
		if took, err = m.run(ctx, sequential(), n); err != nil {
			return err
		}
		if took.Items == 0 {
			return errors.New("there are no items")
		}
		fits := float64(n) * (m.spec.Time / share).Seconds() / max(took.Wall.Seconds(), 1e-6)
		next := min(int(fits), n*growth, m.spec.Items)
		if took.Items < n || next <= n || next < n+n/2 { // a larger sample is not worth its time
			break
		}
		n = next
	}
	if few := min(fewPerCPU*m.spec.CPUs, m.spec.Items); took.Items == n && n < few {
		n = few
		m.warnIfSlow(took, n)
		var err error
		if took, err = m.run(ctx, sequential(), n); err != nil {
			return err
		}
	}
	if took.Failed == took.Jobs {
		return fmt.Errorf("%s failed: there is nothing to measure", all(took.Jobs))
	}
	m.report.Items, m.report.Jobs = took.Items, took.Jobs
	m.exhausted = took.Items < n
	if took.Wall > m.spec.Time/2 { // there is no time to run it again
		m.record(sequential(), took)
	}
	var err error
	m.report.alone = m.spec.Alone
	m.report.Start, err = m.runner.Start(ctx)
	return err
}

func all(jobs int) string {
	if jobs == 1 {
		return "the job"
	}
	return fmt.Sprintf("all %d jobs", jobs)
}

// warnIfSlow warns when the time is too short for n items.
func (m *measurement) warnIfSlow(took Took, n int) {
	const runs = 3 // the sequential run, and faster ones that take twice as long together
	one := took.Wall / time.Duration(took.Items)
	if need := time.Duration(runs*n) * one; need > m.spec.Time {
		m.spec.Warn(fmt.Sprintf("an item takes %s: to run %d of them in several ways may take %s",
			text.Seconds(one.Seconds()), n, text.Seconds(need.Seconds())))
	}
}

// run runs a setting once.
func (m *measurement) run(ctx context.Context, s Setting, n int) (Took, error) {
	if ctx.Err() != nil {
		return Took{}, context.Cause(ctx)
	}
	took, err := m.runner.Run(ctx, s, n)
	if err != nil {
		return took, fmt.Errorf("%s: %w", s, err)
	}
	return took, nil
}

func (m *measurement) record(s Setting, took Took) {
	r := m.rows[s]
	if r == nil {
		r = &Row{Setting: s}
		m.rows[s] = r
		m.order = append(m.order, s)
	}
	r.runs = append(r.runs, took)
	m.best = max(m.best, r.rate())
}

func (m *measurement) timeIsUp() bool { return !time.Now().Before(m.ends) }

// try runs the sample with a setting.
func (m *measurement) try(ctx context.Context, s Setting) error {
	m.spec.Tell(s.String())
	took, err := m.run(ctx, s, m.report.Items)
	if err != nil {
		return err
	}
	m.record(s, took)
	return nil
}

// firstRound finds the settings that are worth a comparison: as many workers as CPUs, then twice as many again and again
// while that is faster, then fewer.
func (m *measurement) firstRound(ctx context.Context) error {
	if m.rows[sequential()] == nil {
		if err := m.try(ctx, sequential()); err != nil {
			return err
		}
	}
	top := m.report.Jobs
	if m.spec.Splits {
		top = m.report.Items
	}
	if m.spec.Most > 0 {
		top = min(top, m.spec.Most)
	}
	workers := min(max(2, m.spec.CPUs), top)
	for first := true; ; first = false {
		before := m.best
		if !first && m.timeIsUp() {
			m.report.Stopped = OutOfTime
			break
		}
		if err := m.tryModes(ctx, workers); err != nil {
			return err
		}
		if m.best < before*gain {
			m.report.Stopped = NoGain
			break
		}
		if workers == top {
			m.report.Stopped = OutOfItems
			if m.exhausted || top == m.spec.Most {
				m.report.Stopped = Most
			}
			break
		}
		workers = min(2*workers, top)
	}
	for workers := min(m.spec.CPUs, top) / 2; workers > 1 && !m.timeIsUp(); workers /= 2 {
		if err := m.tryModes(ctx, workers); err != nil {
			return err
		}
	}
	return nil
}

// tryModes runs all modes with that many workers.
func (m *measurement) tryModes(ctx context.Context, workers int) error {
	for _, mode := range m.spec.Modes {
		s := Setting{Mode: mode, Workers: workers, Threads: 1}
		if mode == "process" {
			s.Threads = m.spec.Threads
		}
		if err := m.try(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// moreRounds runs the settings of the first round again, in turn, while there is time for a round.
func (m *measurement) moreRounds(ctx context.Context) error {
	for round := 2; round <= roundsMax; round++ {
		need := time.Duration(0)
		for _, r := range m.rows {
			need += r.runs[0].Wall
		}
		if time.Now().Add(need).After(m.ends) {
			return nil
		}
		for _, s := range m.order {
			if err := m.try(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish compares the settings.
func (m *measurement) finish() *Report {
	r := &m.report
	r.CPUs = m.spec.CPUs
	base := m.rows[sequential()].rate()
	for _, s := range m.order {
		row := m.rows[s]
		row.compare(base)
		r.Rows = append(r.Rows, *row)
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int { return a.slots() - b.slots() })
	r.Advice = advise(r)
	return r
}
