package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fanout/internal/limits"
	"fanout/internal/persistent"
	"fanout/internal/plan"
	"fanout/internal/process"

	"github.com/spf13/pflag"
)

// workerFlags say how many jobs run at a time, and in which processes.
type workerFlags struct {
	mode    string
	workers string

	threadsGiven bool
	threads      int
	nice         int

	persistent bool
	frames     bool
	window     int
	warmUp     duration
	cpus       []string
	delay      duration
	rate       float64
}

func (*workerFlags) name() string { return "Workers" }

func (f *workerFlags) register(set *pflag.FlagSet) {
	set.VarP(oneOf(&f.mode, "thread", "process"), "mode", "m", "run jobs in fanout (`MODE` thread, default) or worker processes (process)")
	set.VarP(valueOf(&f.workers, "", unparsed(func(s string) (int, error) { return workers(s, func() int { return 1 }) })), "workers", "j", "run `N` jobs or worker processes at a time; 150%, +2, -1: relative to CPUs")
	set.Var(valueOf(&f.threads, "1", wholeFrom(1)), "threads", "run `T` jobs at a time in each worker process")
	set.Var(valueOf(&f.nice, "", niceness), "nice", "add `N` to the niceness of worker processes and their jobs")
	set.StringArrayVar(&f.cpus, "cpu-affinity", nil, "bind each worker process to one CPU of `LIST`, such as 0-3,6 (repeatable)")
	set.BoolVar(&f.persistent, "persistent", false, "start COMMAND once in each worker, to answer items one by one, in lines")
	set.BoolVar(&f.frames, "frames", false, "put a 4-byte big-endian length before each item and reply")
	set.Var(valueOf(&f.window, "1", wholeFrom(1)), "window", "send the persistent program up to `N` items before it replies (default 1)")
	set.Var(&f.warmUp, "warm-up", "give the persistent program `D` to start before --timeout counts")
	set.Var(&f.delay, "delay", "wait `D` between the starts of two jobs: 200ms, or 2 for seconds")
	set.Var(valueOf(&f.rate, "", perSecond), "rate", "start at most `RATE` jobs, such as 10/s, 90/m or 500/h")
}

func (f *workerFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	if err := f.applyMode(p, given); err != nil {
		return err
	}
	if err := notNegative(given, "delay", f.delay); err != nil {
		return err
	}
	p.Schedule.Delay, p.Schedule.Rate = time.Duration(f.delay), f.rate
	return nil
}

// applyMode sets where jobs run, and how many at a time.
func (f *workerFlags) applyMode(p *plan.Plan, given *pflag.FlagSet) (err error) {
	f.threadsGiven = given.Changed("threads")
	if f.mode == "process" || f.persistent && !given.Changed("mode") {
		p.Mode = plan.Process
	}
	p.WorkersGiven = given.Changed("workers")
	switch {
	case p.WorkersGiven:
		if p.Schedule.Slots, err = workers(f.workers, limits.CPUs); err != nil {
			return fmt.Errorf("-j %q: %w", f.workers, err)
		}
	case p.Mode == plan.Process:
		p.Schedule.Slots = max(1, limits.CPUs()-1)
	default: // jobs in this mode mostly wait for something
		p.Schedule.Slots = 2 * limits.CPUs()
	}
	p.Threads, p.Nice = f.threads, f.nice
	if p.Threads > mostWorkers/p.Schedule.Slots {
		return fmt.Errorf("-j %d --threads %d: one machine runs at most %d jobs at a time", p.Schedule.Slots, p.Threads, mostWorkers)
	}
	if err := f.applyPersistent(p, given); err != nil {
		return err
	}
	if given.Changed("cpu-affinity") {
		usable, wrong := process.CPUSet()
		if wrong != nil {
			return fmt.Errorf("--cpu-affinity: %w", wrong)
		}
		p.CPUs, err = cpuList(strings.Join(f.cpus, ","), usable)
	}
	return err
}

// applyPersistent sets up programs that are started once.
func (f *workerFlags) applyPersistent(p *plan.Plan, given *pflag.FlagSet) error {
	if !f.persistent {
		return nil
	}
	p.Window = f.window
	const most = 1 << 16
	if p.Window > most/min(most, p.Schedule.Slots) {
		return fmt.Errorf("--window %d with -j %d: at most %d items can be without a reply", p.Window, p.Schedule.Slots, most)
	}
	if err := notNegative(given, "warm-up", f.warmUp); err != nil {
		return err
	}
	p.Persistent, p.WarmUp = true, time.Duration(f.warmUp)
	p.Template.Pipe = true // no item is an argument
	switch {
	case f.frames:
		p.Protocol = persistent.Frames
	case p.Input.Delimiter == "\x00":
		p.Protocol = persistent.Nulls
	}
	return nil
}

// cpuList parses a list such as 0-3,6 of CPUs that fanout may use.
func cpuList(s string, usable []int) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(s, ",") {
		low, high, ranged := strings.Cut(part, "-")
		first, err := strconv.Atoi(low)
		last := first
		if ranged && err == nil {
			last, err = strconv.Atoi(high)
		}
		const most = 1 << 16
		if err != nil || first < 0 || last < first || last > most {
			return nil, fmt.Errorf("--cpu-affinity %q: give a list of CPUs, such as 0-3,6", s)
		}
		for cpu := first; cpu <= last; cpu++ {
			if !slices.Contains(usable, cpu) {
				return nil, fmt.Errorf("--cpu-affinity %q: fanout may not use CPU %d; it may use %v", s, cpu, usable)
			}
			list = append(list, cpu)
		}
	}
	return list, nil
}

// perSecond parses N/s, N/m, N/h or N.
func perSecond(s string) (float64, error) {
	number, unit, _ := strings.Cut(s, "/")
	seconds, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(n > 0 && n < 1e9) {
		return 0, errors.New("give a number above 0: 10 or 10/s is per second, 90/m per minute, 500/h per hour")
	}
	return n / seconds, nil
}

// niceness parses --nice.
func niceness(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < -40 || n > 40 {
		return 0, errors.New("give a whole number from -40 to 40, such as 10; above 0 is nicer")
	}
	return n, nil
}
