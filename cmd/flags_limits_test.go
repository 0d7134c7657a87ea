package cmd

import (
	"slices"
	"strings"
	"testing"
)

func TestMemorySize(t *testing.T) {
	for s, want := range map[string]int64{
		"1": 1, "4096": 4096, "1K": 1 << 10, "1k": 1 << 10, "500M": 500 << 20, "1.5G": 3 << 29, "2GiB": 2 << 30, "2GB": 2 << 30, "1T": 1 << 40,
	} {
		if got, err := byteSize(s); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "M", "x", "1X", "1MM", "1 M", "0.1", "NaN", "Inf", "1e30", "9999999T"} {
		if got, err := byteSize(s); err == nil || !strings.Contains(err.Error(), "such as 500M") {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
}

func TestCPUList(t *testing.T) {
	usable := []int{0, 1, 2, 3, 6}
	for s, want := range map[string][]int{
		"0": {0}, "0-3": {0, 1, 2, 3}, "6,0": {6, 0}, "1-2,6,1": {1, 2, 6, 1}, "3-3": {3},
	} {
		if got, err := cpuList(s, usable); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "x", "-1", "1-", "-", "2-1", "0,,1", "5", "0-6", "99999999999", "0-99999999"} {
		if got, err := cpuList(s, usable); err == nil || !strings.Contains(err.Error(), "--cpu-affinity") {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}
