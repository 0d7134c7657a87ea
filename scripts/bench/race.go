package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// bench runs works, each in a directory of its own.
type bench struct {
	tmp      string
	tools    map[string]tool
	options  options
	progress io.Writer
}

// series is all runs of one contestant.
type series struct {
	contestant
	program string
	samples []sample
	absent  bool // not installed
	err     error
}

// result is one work's outcome. The first series is fanout's; without any, skipped says why.
type result struct {
	work    work
	series  []*series
	skipped string
}

func (b *bench) race(ctx context.Context, w work) result {
	fmt.Fprintf(b.progress, "%-20s ", w.name)
	began := time.Now()
	r := b.raceInPlace(ctx, w)
	switch {
	case r.skipped != "":
		fmt.Fprintln(b.progress, "skipped:", r.skipped)
	case failures([]result{r}) != nil:
		fmt.Fprintln(b.progress, "FAILED:", failures([]result{r}))
	default:
		fmt.Fprintf(b.progress, "%2d × fanout in %.1f s", len(r.series[0].samples), time.Since(began).Seconds())
		for _, s := range r.series {
			if !s.absent {
				fmt.Fprintf(b.progress, "  %s %.3g s", s.program, spreadOf(s.walls()).median)
			}
		}
		fmt.Fprintln(b.progress)
	}
	return r
}

func (b *bench) raceInPlace(ctx context.Context, w work) result {
	r := result{work: w}
	if w.slow && b.options.quick {
		r.skipped = "slow"
		return r
	}
	s := site{
		dir: filepath.Join(b.tmp, w.name), tools: b.tools, env: append(cleanEnvironment(filepath.Join(b.tmp, "no-config")), w.env...),
	}
	defer os.RemoveAll(s.dir)
	if w.finish != nil {
		defer w.finish(s)
	}
	checked, err := s.make(ctx, w)
	var why skipped
	if errors.As(err, &why) {
		r.skipped = string(why)
		return r
	}
	for _, c := range slices.Concat([]contestant{w.fanout}, w.rivals) {
		if checked != nil {
			c.check = checked
		}
		r.series = append(r.series, &series{contestant: c, program: c.name(), absent: s.lacks(c)})
	}
	if err != nil {
		r.series[0].err = fmt.Errorf("preparing: %w", err)
		return r
	}
	b.takeTurns(ctx, s, w, r.series)
	return r
}

func (s site) make(ctx context.Context, w work) (check, error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	if w.prepare == nil {
		return nil, nil
	}
	return w.prepare(ctx, s)
}

// lacks tells whether c needs a peer, or a C program, that this machine does not have.
func (s site) lacks(c contestant) bool {
	name := c.command.argv[0]
	if _, ok := s.tools[name]; ok {
		return false
	}
	return name == "floor" || slices.ContainsFunc(peers, func(p peer) bool { return p.name == name })
}

// takeTurns runs A B C, then C B A, and so on: whatever drifts, or is left behind by the one before, favours nobody.
func (b *bench) takeTurns(ctx context.Context, s site, w work, all []*series) {
	if w.proof != nil {
		if _, err := b.once(ctx, s, w, *w.proof); err != nil {
			all[0].err = err
			return
		}
	}
	rounds := b.rounds(w)
	first := 0
	if !w.slow {
		first = -1 // the warm-up
	}
	for round := first; round < rounds; round++ {
		order := slices.Clone(all)
		if round%2 != 0 {
			slices.Reverse(order)
		}
		for _, one := range order {
			if one.absent || one.err != nil || one.rounds > 0 && round >= one.rounds {
				continue
			}
			sample, err := b.once(ctx, s, w, one.contestant)
			if err != nil {
				one.err = err
			} else if round >= 0 {
				one.samples = append(one.samples, sample)
			}
			if all[0].err != nil || ctx.Err() != nil {
				return
			}
		}
	}
}

func (b *bench) rounds(w work) int {
	switch {
	case w.slow:
		return 1
	case b.options.rounds > 0:
		return b.options.rounds
	case b.options.quick:
		return (w.rounds + 2) / 3
	}
	return w.rounds
}

func (b *bench) once(ctx context.Context, s site, w work, c contestant) (sample, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.timeout, fmt.Errorf("did not end within %s", w.timeout))
	defer cancel()
	if w.settle {
		unix.Sync()
	}
	if c.fresh != "" {
		if err := os.Remove(filepath.Join(s.dir, c.fresh)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return sample{}, err
		}
	}
	return s.measure(ctx, c.command, c.check, c.forks)
}

func (s *series) walls() []float64 {
	return s.each(func(one sample) float64 { return one.wall.Seconds() })
}

func (s *series) cpus() []float64 {
	return s.each(func(one sample) float64 { return one.cpu.Seconds() })
}

func (s *series) memory() []float64 {
	return s.each(func(one sample) float64 { return float64(one.rss) })
}

func (s *series) each(value func(sample) float64) []float64 {
	out := make([]float64, len(s.samples))
	for i, one := range s.samples {
		out[i] = value(one)
	}
	return out
}
