package cmd

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// shownHelp returns what a command line prints that asks for help.
func shownHelp(t *testing.T, args ...string) string {
	t.Helper()
	a := &app{args: args}
	root := a.root()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestHelp: -h is one screen, --help two, and both are as wide as a terminal.
func TestHelp(t *testing.T) {
	for _, tt := range []struct {
		flag  string
		lines int
		words []string
	}{
		{"-h", 40, []string{
			"Usage:", "Flags", "Examples:", "fanout --help", "fanout help", "fanout -- ", "{} ", ":::", "::::",
			"--workers", "--keep-order", "--batch", "--null", "--input", "--timeout", "--retries", "--stop-on-error", "--dry-run", "--journal", "--resume", "--mode",
		}},
		{"--help", 110, []string{
			"Usage:", "Input:", "Command:", "Workers:", "Failures and limits:", "Output:", "Messages:", "Records:", "Other machines:", "Environment:", "Exit codes:",
			"{/.}", "{:q}", "{{}}", ":::", "::::", "123", "124", "125", "126", "127", "129", "130", "131", "143", "141", "fanout -- ",
		}},
	} {
		text := shownHelp(t, tt.flag)
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) > tt.lines {
			t.Errorf("%s: %d lines", tt.flag, len(lines))
		}
		for i, line := range lines {
			if utf8.RuneCountInString(line) > 100 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: line %d: %q", tt.flag, i+1, line)
			}
		}
		for _, word := range tt.words {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q is missing", tt.flag, word)
			}
		}
	}
	if shownHelp(t, "-h") == shownHelp(t, "-k", "--help") || shownHelp(t, "-kh") != shownHelp(t, "-h") {
		t.Error("-h and --help are not told apart")
	}
}

// TestFlagHelp: --help lists each flag, with a placeholder in capitals for its value, and says in a phrase what it
// does.
func TestFlagHelp(t *testing.T) {
	text := shownHelp(t, "--help")
	shape := regexp.MustCompile(`^  (-\w, |    )--[a-z-]+( [A-Z][A-Z:=]*|\[=[A-Za-z|]+\])?$`)
	newFlags().all().VisitAll(func(f *pflag.Flag) {
		head, usage := describe(f)
		if !shape.MatchString("  "+head) || !strings.Contains(text, "  "+head+" ") {
			t.Errorf("%q", head)
		}
		if first := usage[0]; first < 'a' || first > 'z' || strings.HasSuffix(usage, ".") {
			t.Errorf("%s: %q is no phrase", f.Name, usage)
		}
	})
}

// TestSubHelp: a subcommand lists its flags in order, and -h is --help there.
func TestSubHelp(t *testing.T) {
	text := shownHelp(t, "cleanup", "--help")
	if text != shownHelp(t, "cleanup", "-h") {
		t.Error("-h is not --help")
	}
	if strings.Contains(text, "[flags]") || strings.Index(text, "--dry-run ") > strings.Index(text, "--all ") {
		t.Errorf("%s", text)
	}
	if text = shownHelp(t, "track", "--help"); strings.Count(text, "[flags]") != 1 {
		t.Errorf("%s", text)
	}
}
