package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fanout/internal/plan"
	"fanout/internal/schedule"

	"github.com/spf13/pflag"
)

type workerFlags struct {
	workers string
	delay   time.Duration
	rate    string
}

func (*workerFlags) name() string { return "Workers" }

func (f *workerFlags) register(set *pflag.FlagSet) {
	// Jobs of this mode mostly wait for something: hence twice the CPUs.
	set.StringVarP(&f.workers, "workers", "j", "200%", "run `N` jobs at a time, or N% of the CPUs")
	set.DurationVar(&f.delay, "delay", 0, "wait `D` between the starts of two jobs, such as 200ms")
	set.StringVar(&f.rate, "rate", "", "start at most `N/s` jobs; N/m and N/h are a minute and an hour")
}

func (f *workerFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	var err error
	if p.Schedule.Workers, err = workers(f.workers); err != nil {
		return err
	}
	if f.delay < 0 {
		return fmt.Errorf("--delay %s: a time cannot be negative", f.delay)
	}
	p.Schedule.Delay = f.delay
	if given.Changed("rate") {
		p.Schedule.Rate, err = perSecond(f.rate)
	}
	return err
}

// perSecond reads N/s, N/m, N/h or N.
func perSecond(s string) (float64, error) {
	number, unit, _ := strings.Cut(s, "/")
	seconds, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(n > 0 && n < 1e9) {
		return 0, fmt.Errorf("--rate %q: a rate is a number above 0 and its unit, as in 10/s, 90/m or 500/h", s)
	}
	return n / seconds, nil
}

// positive reads a whole number from 1 on.
func positive(flag, s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s %s: not a whole number from 1 on", flag, s)
	}
	return n, nil
}

type failureFlags struct {
	stop        string
	maxFailures string
	grace       time.Duration
}

func (*failureFlags) name() string { return "Failure" }

func (f *failureFlags) register(set *pflag.FlagSet) {
	set.StringVarP(&f.stop, "stop-on-error", "e", "", "stop after the first failure: `now` ends running jobs, =soon lets them end")
	set.Lookup("stop-on-error").NoOptDefVal = "now"
	set.StringVar(&f.maxFailures, "max-failures", "", "stop after `N` failures, or when N% of at least 20 ended jobs failed")
	set.DurationVar(&f.grace, "grace", 5*time.Second, "time `D` that a job has to end after TERM, before KILL")
}

func (f *failureFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	if f.grace < 0 {
		return fmt.Errorf("--grace %s: a time cannot be negative", f.grace)
	}
	p.Process.Grace = f.grace
	p.Process.Linger = linger
	if given.Changed("stop-on-error") {
		if f.stop != "now" && f.stop != "soon" {
			return fmt.Errorf("--stop-on-error=%s: the ways to stop are now and soon", f.stop)
		}
		p.Schedule.Soon = f.stop == "soon"
		p.Schedule.MaxFailures = schedule.Limit{Count: 1}
	}
	if given.Changed("max-failures") {
		limit, err := schedule.ParseLimit(f.maxFailures)
		if err != nil {
			return fmt.Errorf("--max-failures: %w", err)
		}
		p.Schedule.MaxFailures = limit
	}
	return nil
}

// linger is how long the output of an ended job is read on while a process that
// it left behind still holds it.
const linger = 100 * time.Millisecond
