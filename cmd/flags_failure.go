package cmd

import (
	"errors"
	"fmt"
	"time"

	"fanout/internal/plan"
	"fanout/internal/schedule"

	"github.com/spf13/pflag"
)

type failureFlags struct {
	stop        string
	maxFailures schedule.Limit
	retries     int
	retryDelay  duration
	timeout     duration
	deadline    duration
	grace       duration
}

func (*failureFlags) name() string { return "Failure" }

func (f *failureFlags) register(set *pflag.FlagSet) {
	set.VarP(optionalOneOf(&f.stop, "now", "soon"), "stop-on-error", "e", "stop after the first failure: `now` ends running jobs, =soon lets them end")
	set.Lookup("stop-on-error").NoOptDefVal = "now"
	set.Var(valueOf(&f.maxFailures, "", schedule.ParseLimit), "max-failures", "stop after `N` failures, or when N% of at least 20 ended jobs failed")
	set.VarP(valueOf(&f.retries, "", wholeFrom(0)), "retries", "r", "try a job that fails up to `N` more times")
	set.Var(&f.retryDelay, "retry-delay", "wait about `D` before the first retry, twice as long before the next, and so on")
	set.VarP(&f.timeout, "timeout", "t", "end a job that takes longer than `D`, such as 90s or 1h30m; 90 is seconds")
	set.Var(&f.deadline, "deadline", "end the run when it takes longer than `D`")
	f.grace = duration(5 * time.Second)
	set.Var(&f.grace, "grace", "time `D` that a job has to end after TERM, before KILL")
}

func (f *failureFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	if f.grace < 0 {
		return fmt.Errorf("--grace %s: a time cannot be negative", &f.grace)
	}
	p.Process.Grace = time.Duration(f.grace)
	p.Process.Linger = linger
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

// linger is how long the output of an ended job is read on while a process that
// it left behind still holds it.
const linger = 100 * time.Millisecond

// applyLimits is for what limits time.
func (f *failureFlags) applyLimits(p *plan.Plan, given *pflag.FlagSet) error {
	for _, limit := range []struct {
		flag  string
		value duration
	}{{"timeout", f.timeout}, {"deadline", f.deadline}} {
		if given.Changed(limit.flag) && limit.value <= 0 {
			return fmt.Errorf("--%s %s: give a time above 0, such as 90s, or leave out the flag for no limit", limit.flag, &limit.value)
		}
	}
	p.Schedule.Timeout = time.Duration(f.timeout)
	p.Schedule.Deadline = time.Duration(f.deadline)
	return nil
}

func (f *failureFlags) applyRetries(p *plan.Plan, given *pflag.FlagSet) error {
	if f.retryDelay < 0 {
		return fmt.Errorf("--retry-delay %s: a time cannot be negative", &f.retryDelay)
	}
	p.Schedule.RetryDelay = time.Duration(f.retryDelay)
	switch {
	case given.Changed("retries"):
		p.Schedule.Retries = f.retries
	case given.Changed("retry-delay"):
		return errors.New("--retry-delay without --retries: say with --retries N how often a failed job is tried again")
	}
	return nil
}
