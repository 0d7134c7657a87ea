package text

import "fmt"

// Three shows a number with three digits, or more if it is 1000 or more.
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

// Short shows a number in about four characters.
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

// Plural shows a number of things.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
