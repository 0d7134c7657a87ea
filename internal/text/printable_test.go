package text

import (
	"fmt"
	"strings"
	"testing"
)

func TestLastLines(t *testing.T) {
	for tail, want := range map[string][]string{
		"":                  nil,
		"\n\n":              nil,
		"a":                 {"a"},
		"a\n":               {"a"},
		"a\n\nb\n\n":        {"a", "", "b"},
		"a\nb\nc\nd":        {"b", "c", "d"},
		"tab\there":         {"tab\there"},
		"\x1b[1mE\x1b[0m\n": {"\uFFFD[1mE\uFFFD[0m"},
	} {
		got := LastLines(tail, 3)
		if fmt.Sprint(got) != fmt.Sprint(want) || len(got) != len(want) {
			t.Errorf("%q: %q, want %q", tail, got, want)
		}
	}
	if got := LastLines(strings.Repeat("x", 1000), 3); len(got) != 1 || len(got[0]) > 210 {
		t.Errorf("%q", got)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"größe":          "größe",
		"größer":         "größe...",
		"abcdefgh":       "abcdefg...",
		"abcdef\u00e9":   "abcdef...",
		"a\nb":           "a\uFFFDb",
		"\u202Eevil":     "\uFFFDevil",
		"\xff\xfe":       "\uFFFD",
		"a\u00a0b\u3000": "a\u00a0b\u3000",
	} {
		if got := Printable(in, 7); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
