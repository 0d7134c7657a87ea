package main

import (
	"math"
	"testing"
)

func TestSpread(t *testing.T) {
	nan := math.NaN()
	tests := map[string]struct {
		values []float64
		want   spread
	}{
		"odd":          {[]float64{3, 1, 2}, spread{2, 1, 3}},
		"even":         {[]float64{4, 1, 3, 2}, spread{2.5, 1, 4}},
		"one":          {[]float64{7}, spread{7, 7, 7}},
		"not a number": {[]float64{nan, 5, nan}, spread{5, 5, 5}},
	}
	for name, test := range tests {
		if got := spreadOf(test.values); got != test.want {
			t.Errorf("%s: %v, not %v", name, got, test.want)
		}
	}
	if got := spreadOf(nil); !math.IsNaN(got.median) {
		t.Errorf("no values: %v", got)
	}
}

func TestPaired(t *testing.T) {
	got := paired([]float64{1, 9, 3}, []float64{2, 3})
	if len(got) != 2 || got[0] != .5 || got[1] != 3 {
		t.Errorf("paired = %v", got)
	}
	if got := paired([]float64{1}, []float64{0}); !math.IsNaN(got[0]) {
		t.Errorf("division by zero = %v", got)
	}
	if got := inverse([]float64{4, 0}, 2); got[0] != .5 || !math.IsNaN(got[1]) {
		t.Errorf("inverse = %v", got)
	}
}
