package main

import (
	"context"
	"time"
)

// work is one thing to be done by fanout and by its rivals, with what is expected of fanout.
type work struct {
	name    string
	about   string
	fanout  contestant
	rivals  []contestant
	targets []target
	rounds  int
	// slow works run once, without a warm-up, and not at all with -quick.
	slow bool
	// settle writes the machine's dirty pages out before each run, so that nobody pays for another's temporary files.
	settle bool
	// timeout is for one run.
	timeout time.Duration
	// prepare fills the work's own directory, in which all commands run, and may return a check that takes the place of
	// every contestant's. A skipped error keeps the work from running.
	prepare func(ctx context.Context, s site) (check, error)
	// env is variables of its programs.
	env []string
	// finish ends what prepare has started.
	finish func(s site)
	// proof is run once and not timed: it asks of fanout what would cost too much while the clock runs.
	proof *contestant
}

// contestant is one program's way to do a work.
type contestant struct {
	command command
	// items is what the times are divided by when two contestants were not given the same number.
	items int
	check check
	// forks is how many processes this must start at the very least: it reveals the loss of jobs that print nothing.
	forks int
	// rounds, when not 0, holds a dear rival to fewer rounds.
	rounds int
	// label names the contestant in the tables when its program's name would not do.
	label string
	// fresh is a file that is taken away before each run, which writes it.
	fresh string
}

func (c contestant) name() string {
	if c.label != "" {
		return c.label
	}
	return c.command.argv[0]
}

// site is where and with what all commands of a work run: its own directory, programs and environment.
type site struct {
	dir   string
	tools map[string]tool
	env   []string
}

// skipped says why a work was not run. It is no failure.
type skipped string

func (s skipped) Error() string { return string(s) }

// measure is what a target is about. All but peakMemory are judged by the median.
type measure int

const (
	wallRatio      measure = iota // fanout's wall time per item ÷ the rival's
	speedup                       // the rival's wall time per item ÷ fanout's
	itemsPerSecond                // of fanout
	bytesPerSecond                // of fanout
	wallTime                      // of fanout, in seconds
	wallOver                      // of fanout beyond the rival's, in seconds
	peakMemory                    // of fanout, in bytes; judged by the worst run
)

// target is a measure with its limit: an upper one, or a lower one for the measures where more is better. Without a
// limit the measure is only reported.
type target struct {
	measure measure
	rival   string
	limit   float64
	bytes   int64 // for bytesPerSecond: what one run prints
}

func (m measure) moreIsBetter() bool {
	return m == speedup || m == itemsPerSecond || m == bytesPerSecond
}
