package text

import (
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		x            float64
		three, short string
	}{
		{0, "0.00", "0.00"}, {0.5, "0.50", "0.50"}, {12.34, "12.3", "12.3"}, {999, "999", "999"}, {9_999, "9999", "9999"},
		{45_678, "45678", "46k"}, {1_250_000, "1250000", "1.2M"},
	} {
		if three, short := Three(tt.x), Short(tt.x); three != tt.three || short != tt.short {
			t.Errorf("%v: %q and %q, want %q and %q", tt.x, three, short, tt.three, tt.short)
		}
	}
}

func TestSeconds(t *testing.T) {
	for s, want := range map[float64]string{
		0: "0 µs", 0.0000125: "12 µs", 0.001: "1.00 ms", 0.25: "250 ms", 1.5: "1.50 s", 99.94: "99.9 s", 100: "1m40s", 7261: "2h1m1s",
	} {
		if got := Seconds(s); got != want {
			t.Errorf("%v: %q, want %q", s, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int64]string{0: "0 jobs", 1: "1 job", 2: "2 jobs"} {
		if got := Plural(n, "job", "jobs"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0: {"0s", "0s"}, 8*time.Second + 400*time.Millisecond: {"8s", "8s"}, 65 * time.Second: {"1m05s", "1m"}, 2*time.Hour + 10*time.Minute: {"2h10m", "2h"},
		47*time.Hour + 59*time.Minute: {"47h59m", "47h"}, 76 * time.Hour: {"3d04h", "3d"},
	} {
		if clock, age := Clock(d), Age(d); clock != want[0] || age != want[1] {
			t.Errorf("%v: %s and %s, want %s", d, clock, age, want)
		}
	}
}

func TestItems(t *testing.T) {
	long := "0123456789012345678901234567890123456789012345678901234567890123456789012345678é"
	for want, tt := range map[string]struct {
		first string
		all   int
	}{`"a"`: {"a", 1}, `"a\nb" and 2 more`: {"a\nb", 3}, `""`: {"", 1}, `"` + long[:79] + `..."`: {long, 1}} {
		if got := Items(tt.first, tt.all); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
