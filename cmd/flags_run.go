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

type workerFlags struct {
	mode      string
	modeGiven bool
	workers   string
	engine    *engineFlags // where they run

	threadsGiven bool
	threads      string
	nice         string

	persistent bool
	frames     bool
	window     string
	warmUp     duration
	cpus       string
	delay      duration
	rate       string
}

func (*workerFlags) name() string { return "Workers" }

func (f *workerFlags) register(set *pflag.FlagSet) {
	set.StringVarP(&f.mode, "mode", "m", "thread", "`thread`: jobs are run by fanout itself; =process: by worker processes")
	set.StringVarP(&f.workers, "workers", "j", "", "run `N` jobs at a time, or as many as 150% of the CPUs, +2 or -1; process mode: N workers")
	set.StringVar(&f.threads, "threads", "1", "jobs `T` that each worker process runs at a time")
	set.StringVar(&f.nice, "nice", "", "run the jobs of worker processes with a niceness higher by `N`")
	set.StringVar(&f.cpus, "cpu-affinity", "", "bind each worker process to one CPU of `LIST`, such as 0-3,6, in turn")
	set.BoolVar(&f.persistent, "persistent", false, "start COMMAND once in each worker: one item a line in, one line out (-0: NULs)")
	set.BoolVar(&f.frames, "frames", false, "a persistent COMMAND gets and prints 4 bytes of length, the highest first, before each")
	set.StringVar(&f.window, "window", "1", "let a persistent COMMAND have `N` items unanswered; a crash may run them twice")
	set.Var(&f.warmUp, "warm-up", "time `D` that a persistent COMMAND has to start before --timeout counts")
	set.Var(&f.delay, "delay", "wait `D` between the starts of two jobs: 200ms, or 2 for seconds")
	set.StringVar(&f.rate, "rate", "", "start at most `N/s` jobs; N/m and N/h are a minute and an hour")
}

func (f *workerFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	if err := f.applyMode(p, given); err != nil {
		return err
	}
	var err error
	if f.delay < 0 {
		return fmt.Errorf("--delay %s: a time cannot be negative", &f.delay)
	}
	p.Schedule.Delay = time.Duration(f.delay)
	if given.Changed("rate") {
		p.Schedule.Rate, err = perSecond(f.rate)
	}
	return err
}

// applyMode is for where jobs run, and how many.
func (f *workerFlags) applyMode(p *plan.Plan, given *pflag.FlagSet) (err error) {
	f.modeGiven, f.threadsGiven = given.Changed("mode"), given.Changed("threads")
	switch f.mode {
	case "thread":
	case "process":
		p.Mode = plan.Process
	default:
		return fmt.Errorf("--mode %s: the modes are thread and process", f.mode)
	}
	if f.persistent && !given.Changed("mode") {
		p.Mode = plan.Process
	}
	switch {
	case given.Changed("workers"):
		if p.Schedule.Workers, err = workers(f.workers, limits.CPUs); err != nil {
			return err
		}
	case p.Mode == plan.Process:
		p.Schedule.Workers = max(1, limits.CPUs()-1)
	default: // jobs of this mode mostly wait for something
		p.Schedule.Workers = 2 * limits.CPUs()
	}
	for _, flag := range []string{"threads", "nice", "cpu-affinity"} {
		if given.Changed(flag) && p.Mode != plan.Process && !f.engine.far() {
			return fmt.Errorf("--%s is for worker processes: add --mode process", flag)
		}
	}
	if p.Threads, err = positive("--threads", f.threads); err != nil {
		return err
	}
	if p.Threads > mostWorkers/p.Schedule.Workers {
		return fmt.Errorf("-j %d --threads %d: more than %d jobs at a time do not fit on one machine", p.Schedule.Workers, p.Threads, mostWorkers)
	}
	if err := f.applyPersistent(p, given); err != nil {
		return err
	}
	if given.Changed("nice") {
		if p.Nice, err = strconv.Atoi(f.nice); err != nil || p.Nice < -40 || p.Nice > 40 {
			return fmt.Errorf("--nice %s: a niceness is a whole number, such as 10; above 0 is nicer", f.nice)
		}
	}
	if given.Changed("cpu-affinity") {
		p.CPUs, err = cpuList(f.cpus, process.CPUSet())
	}
	return err
}

// applyPersistent is for programs that are started once.
func (f *workerFlags) applyPersistent(p *plan.Plan, given *pflag.FlagSet) (err error) {
	if !f.persistent {
		for _, flag := range []string{"frames", "window", "warm-up"} {
			if given.Changed(flag) {
				return fmt.Errorf("--%s is for programs that are started once: add --persistent", flag)
			}
		}
		return nil
	}
	switch {
	case p.Mode != plan.Process:
		return fmt.Errorf("--persistent and --mode %s exclude each other: leave out --mode", f.mode)
	case p.Template.Pipe:
		return errors.New("--persistent and --pipe exclude each other: a persistent program has its items on standard input anyway")
	}
	for _, flag := range []string{"threads", "nice", "cpu-affinity"} {
		if given.Changed(flag) {
			return fmt.Errorf("--%s and --persistent exclude each other: say nice or taskset in COMMAND; -j N is how many run", flag)
		}
	}
	if p.Window, err = positive("--window", f.window); err != nil {
		return err
	}
	const most = 1 << 16
	if p.Window > most/min(most, p.Schedule.Workers) {
		return fmt.Errorf("--window %d with -j %d: more than %d items on their way", p.Window, p.Schedule.Workers, most)
	}
	if f.warmUp < 0 {
		return fmt.Errorf("--warm-up %s: a time cannot be negative", &f.warmUp)
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

// cpuList reads 0-3,6: CPUs that must be among those that we may use.
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
			return nil, fmt.Errorf("--cpu-affinity %q: a list of CPUs is like 0-3,6", s)
		}
		for cpu := first; cpu <= last; cpu++ {
			if !slices.Contains(usable, cpu) {
				return nil, fmt.Errorf("--cpu-affinity %q: CPU %d is none that fanout may use, which are %v", s, cpu, usable)
			}
			list = append(list, cpu)
		}
	}
	return list, nil
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
