package text

import "testing"

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "abcd", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != tt.want {
			t.Errorf("%q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"workers", "keep-order", "", "timeout", "tag", "env"}
	for in, want := range map[string]string{
		"wrokers": "workers", "worker": "workers", "Workers": "workers", "time-out": "timeout", "keeporder": "keep-order",
		"tga": "tag", "x": "", "": "", "nothing": "", "en": "", "evn": "env",
	} {
		if got := Nearest(names, in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
