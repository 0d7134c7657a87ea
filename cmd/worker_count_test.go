package cmd

import "testing"

// TestWorkers: numbers, and values that count from the CPUs.
func TestWorkers(t *testing.T) {
	cpus := func() int { return 4 }
	for s, want := range map[string]int{
		"1": 1, "7": 7, "007": 7, "100000": 100_000,
		"100%": 4, "150%": 6, "1%": 1, "30%": 1, "2500000%": 100_000,
		"+0": 4, "+2": 6, "+99996": 100_000,
		"-1": 3, "-3": 1, "-4": 1, "-100": 1,
	} {
		if got, err := workers(s, cpus); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "0", "-0", "+", "-", "%", "x", "1.5", "0%", "+50%", "-50%", "--1", "++1", "+-1", "-+1", "1-", "1+2", " 1", "1e3", "0x2",
		"100001", "+100000", "9999999%", "99999999999999999999", "+99999999999999999999", "99999999999999999999%",
		"1 ", "x%", "100%%", "9223372036854775807", "9223372036854775807%",
	} {
		if got, err := workers(s, cpus); err == nil {
			t.Errorf("%q: %d, want an error", s, got)
		}
	}
}
