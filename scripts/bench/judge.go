package main

import (
	"fmt"
	"math"
	"strconv"
)

// verdict is one target of one work, judged.
type verdict struct {
	measure string
	median  string
	spread  string
	target  string
	met     string
}

const none = "–"

// judge compares what was measured with the target. Without measurements it says why there are none.
func judge(r result, t target) verdict {
	v := verdict{measure: t.title(), median: none, spread: none, target: t.text(), met: none}
	if r.skipped != "" {
		v.median = "skipped: " + r.skipped
		return v
	}
	own, rival := r.series[0], r.find(t.rival)
	switch {
	case own.err != nil || rival != nil && rival.err != nil:
		v.median, v.met = "failed", "no"
		return v
	case rival != nil && rival.absent:
		v.median = "no " + t.rival + " here"
		return v
	}
	s := spreadOf(t.values(own, rival))
	if math.IsNaN(s.median) {
		v.median = "too short to tell"
		return v
	}
	v.median = t.measure.format(s.median)
	v.spread = t.measure.format(s.min) + " – " + t.measure.format(s.max)
	if t.limit > 0 {
		v.met = "no"
		if t.met(s) {
			v.met = "yes"
		}
	}
	return v
}

func (r result) find(program string) *series {
	for _, s := range r.series {
		if program != "" && s.program == program {
			return s
		}
	}
	return nil
}

func (t target) met(s spread) bool {
	switch {
	case t.measure == peakMemory:
		return s.max <= t.limit
	case t.measure.moreIsBetter():
		return s.median >= t.limit
	default:
		return s.median <= t.limit
	}
}

// values are in the unit that the target's limit has.
func (t target) values(own, rival *series) []float64 {
	switch t.measure {
	case wallRatio:
		return perItemRatio(own, rival, (*series).walls)
	case speedup:
		return inverse(perItemRatio(own, rival, (*series).walls), 1)
	case itemsPerSecond:
		return inverse(own.walls(), float64(own.items))
	case bytesPerSecond:
		return inverse(own.walls(), float64(t.bytes))
	case wallTime:
		return own.walls()
	case wallOver:
		return differences(own.walls(), rival.walls())
	case peakMemory:
		return atLeastOne(own.memory())
	}
	panic("bench: unknown measure " + strconv.Itoa(int(t.measure)))
}

func perItemRatio(own, rival *series, of func(*series) []float64) []float64 {
	return scaled(paired(of(own), of(rival)), float64(rival.items)/float64(own.items))
}

// atLeastOne drops zeros: a run that was over before its memory could be looked at.
func atLeastOne(values []float64) []float64 {
	out := scaled(values, 1)
	for i, v := range out {
		if v < 1 {
			out[i] = math.NaN()
		}
	}
	return out
}

func (t target) title() string {
	switch t.measure {
	case wallRatio:
		return "wall time ÷ " + t.rival
	case speedup:
		return "times faster than " + t.rival + ", per item"
	case itemsPerSecond:
		return "items a second"
	case bytesPerSecond:
		return "throughput"
	case wallTime:
		return "wall time"
	case wallOver:
		return "wall time beyond that of " + t.rival
	case peakMemory:
		return "peak memory"
	}
	panic("bench: unknown measure " + strconv.Itoa(int(t.measure)))
}

func (t target) text() string {
	switch {
	case t.limit == 0:
		return none
	case t.measure.moreIsBetter():
		return "≥ " + t.measure.format(t.limit)
	default:
		return "≤ " + t.measure.format(t.limit)
	}
}

func (m measure) format(v float64) string {
	switch m {
	case wallRatio:
		return fmt.Sprintf("%.2f", v)
	case speedup:
		return fmt.Sprintf("%.0f ×", v)
	case itemsPerSecond:
		return thousands(v) + "/s"
	case bytesPerSecond:
		return fmt.Sprintf("%.2f GB/s", v/1e9)
	case wallTime, wallOver:
		return seconds(v)
	case peakMemory:
		return fmt.Sprintf("%.1f MiB", v/mib)
	}
	panic("bench: unknown measure " + strconv.Itoa(int(m)))
}

func seconds(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.1f ms", v*1e3)
	}
	return fmt.Sprintf("%.2f s", v)
}

func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
