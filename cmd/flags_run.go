package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fanout/internal/plan"

	"github.com/spf13/pflag"
)

type workerFlags struct {
	workers string
	delay   duration
	rate    string
}

func (*workerFlags) name() string { return "Workers" }

func (f *workerFlags) register(set *pflag.FlagSet) {
	// Jobs of this mode mostly wait for something: hence twice the CPUs.
	set.StringVarP(&f.workers, "workers", "j", "200%", "run `N` jobs at a time, or N% of the CPUs")
	set.Var(&f.delay, "delay", "wait `D` between the starts of two jobs: 200ms, or 2 for seconds")
	set.StringVar(&f.rate, "rate", "", "start at most `N/s` jobs; N/m and N/h are a minute and an hour")
}

func (f *workerFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	var err error
	if p.Schedule.Workers, err = workers(f.workers); err != nil {
		return err
	}
	if f.delay < 0 {
		return fmt.Errorf("--delay %s: a time cannot be negative", &f.delay)
	}
	p.Schedule.Delay = time.Duration(f.delay)
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
