package input

import (
	"strings"
	"testing"
)

func TestParseDelimiter(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{",", ","},
		{"::", "::"},
		{"é", "é"},
		{" ", " "},
		{`\n`, "\n"},
		{`\r\n`, "\r\n"},
		{`\t`, "\t"},
		{`\0`, "\x00"},
		{`\\`, `\`},
		{`\`, `\`},
		{`\x41`, "A"},
		{`\xfF`, "\xff"},
		{`\x9`, "\t"},
		{`\x411`, "A1"},
		{`\12`, "\n"},
		{`\012`, "\n"},
		{`\0123`, "\n3"},
		{`\377`, "\xff"},
		{`a\tb`, "a\tb"},
		{`\a\b\f\v`, "\a\b\f\v"},
		{`\\n`, `\n`},
		{`\18`, "\x018"},
	} {
		if got, err := ParseDelimiter(tt.in); err != nil || got != tt.want {
			t.Errorf("ParseDelimiter(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestParseDelimiterErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "empty"},
		{`\q`, `\q`},
		{`a\`, "bad escape"},
		{`\x`, "bad escape"},
		{`\xg1`, "bad escape"},
		{`\8`, "bad escape"},
		{`\400`, "bad escape"},
		{`\u00e9`, "bad escape"},
		{`\X41`, "bad escape"},
	} {
		got, err := ParseDelimiter(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseDelimiter(%q) = %q, %v; want an error with %q", tt.in, got, err, tt.want)
		}
	}
}
