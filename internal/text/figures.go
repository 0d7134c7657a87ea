package text

import (
	"fmt"
	"time"
)

// Three is a number with three digits, and more only before the point.
func Three(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// Short is a number in at most four characters where it can be.
func Short(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.1fM", x/1e6)
	case x >= 10_000:
		return fmt.Sprintf("%.0fk", x/1e3)
	default:
		return Three(x)
	}
}

// Seconds is a time in the unit that suits it.
func Seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return Three(s*1000) + " ms"
	case d < 100*time.Second:
		return Three(s) + " s"
	default:
		return d.Round(time.Second).String()
	}
}

// Plural is a number of things.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Duration returns a time as short as it can be said: 8s, 1m05s, 2h10m, 3d04h.
func Duration(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 48*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	default:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	}
}
