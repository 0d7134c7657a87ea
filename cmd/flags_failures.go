package cmd

import (
	"errors"
	"fmt"
	"time"

	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/schedule"

	"github.com/spf13/pflag"
)

// failureFlags limit jobs, and say what to do when one fails.
type failureFlags struct {
	stop        string
	maxFailures schedule.Limit
	retries     int
	retryDelay  duration
	timeout     duration
	deadline    duration
	grace       duration
	memory      int64
	reap        bool
}

func (*failureFlags) name() string { return "Failures and limits" }

func (f *failureFlags) register(set *pflag.FlagSet) {
	set.VarP(optionalOneOf(&f.stop, "now", "soon"), "stop-on-error", "e", "stop at a failure; end running jobs (now, default) or not (soon)")
	set.Lookup("stop-on-error").NoOptDefVal = "now"
	set.Var(valueOf(&f.maxFailures, "", schedule.ParseLimit), "max-failures", "stop after `N` failures, or once N% of at least 20 ended jobs have failed")
	set.VarP(valueOf(&f.retries, "", wholeFrom(0)), "retries", "r", "retry a failed job up to `N` times")
	set.Var(&f.retryDelay, "retry-delay", "wait about `D` before the first retry, twice as long before each next one")
	set.VarP(&f.timeout, "timeout", "t", "end a job that runs longer than `D`, such as 90s or 1h30m (90: seconds)")
	set.Var(&f.deadline, "deadline", "stop the run when it takes longer than `D`")
	f.grace = duration(5 * time.Second)
	set.Var(&f.grace, "grace", "wait `D` after TERM before sending KILL")
	set.Var(valueOf(&f.memory, "", byteSize), "memory-limit", "end a job whose processes use more than `SIZE` of memory, such as 500M")
	set.BoolVar(&f.reap, "reap", false, "end what a job leaves running when it ends")
}

func (f *failureFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	if err := notNegative(given, "grace", f.grace); err != nil {
		return err
	}
	p.Process.Grace = time.Duration(f.grace)
	p.Process.Linger = linger
	p.Process.Adopt, p.Process.Reap, p.Process.Memory = true, f.reap, f.memory
	if given.Changed("memory-limit") && !process.CanLimitMemory {
		return errors.New("--memory-limit: this system does not tell how much memory jobs use")
	}
	if given.Changed("stop-on-error") {
		p.Schedule.Soon = f.stop == "soon"
		p.Schedule.MaxFailures = schedule.Limit{Count: 1}
	}
	if given.Changed("max-failures") {
		p.Schedule.MaxFailures = f.maxFailures
	}
	if err := f.applyLimits(p, given); err != nil {
		return err
	}
	return f.applyRetries(p, given)
}

// linger is how long fanout still reads the output of an ended job while a leftover holds it open.
const linger = 100 * time.Millisecond

// applyLimits sets the limits of time.
func (f *failureFlags) applyLimits(p *plan.Plan, given *pflag.FlagSet) error {
	for _, limit := range []struct {
		flag  string
		value duration
	}{{"timeout", f.timeout}, {"deadline", f.deadline}} {
		if !given.Changed(limit.flag) {
			continue
		}
		if err := aboveZero(given, limit.flag, limit.value); err != nil {
			return fmt.Errorf("%w; for no limit, leave out the flag", err)
		}
	}
	p.Schedule.Timeout = time.Duration(f.timeout)
	p.Schedule.Deadline = time.Duration(f.deadline)
	return nil
}

// applyRetries sets how often a job is retried, and when.
func (f *failureFlags) applyRetries(p *plan.Plan, given *pflag.FlagSet) error {
	if err := notNegative(given, "retry-delay", f.retryDelay); err != nil {
		return err
	}
	p.Schedule.RetryDelay = time.Duration(f.retryDelay)
	if given.Changed("retries") {
		p.Schedule.Retries = f.retries
	}
	return nil
}
