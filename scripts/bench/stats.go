package main

import (
	"math"
	"slices"
)

// spread sums up the values of all rounds. The median is used since one disturbed run must not count.
type spread struct{ median, min, max float64 }

// spreadOf leaves out what is not a number; without any value all fields are NaN.
func spreadOf(values []float64) spread {
	sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(sorted) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	slices.Sort(sorted)
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return spread{median, sorted[0], sorted[len(sorted)-1]}
}

// paired divides round by round: two runs side by side share the machine's mood, so their ratio is steadier than that
// of two medians. A round that only one of the two ran has no ratio.
func paired(a, b []float64) []float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = math.NaN()
		if b[i] > 0 {
			ratios[i] = a[i] / b[i]
		}
	}
	return ratios
}

// scaled maps values to value × factor.
func scaled(values []float64, factor float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v * factor
	}
	return out
}

// differences is a − b, pair by pair.
func differences(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] - b[i]
	}
	return out
}

// inverse maps values to factor ÷ value.
func inverse(values []float64, factor float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.NaN()
		if v > 0 {
			out[i] = factor / v
		}
	}
	return out
}
