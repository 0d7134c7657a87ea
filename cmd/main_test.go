package cmd

import (
	"os"
	"strings"
	"testing"
)

// TestMainCodes runs whole command lines for their exit codes.
func TestMainCodes(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("plain", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args      []string
		want      int
		out, errs string // errs is contained
	}{
		{[]string{"echo", ":::", "a"}, 0, "a\n", ""},
		{[]string{"-k", "cat {} | tr a b", ":::", "plain", "plain"}, 0, "", ""},
		{[]string{"false"}, 0, "", ""}, // no item
		{[]string{"-k", "echo", ":::", "a", "b"}, 0, "a\nb\n", ""},
		{[]string{"--dry-run", "rm {}", ":::", "a b"}, 0, "rm 'a b'\n", ""},
		{[]string{"cat", "::::", "missing"}, 1, "", "missing"},
		{[]string{"-o", "missing/x", "echo", ":::", "a"}, 1, "", "missing/x"},
		{[]string{"--what", "cat"}, 2, "", "--help"},
		{[]string{}, 2, "", "COMMAND"},
		{[]string{"-k", "--output", "raw", "cat", ":::", "a"}, 2, "", "raw"},
		{[]string{"sh -c 'x {}'", ":::", "a"}, 2, "", "$1"},
		{[]string{"false", ":::", "a"}, 123, "", "1 job: 0 ok, 1 failed"},
		{[]string{"-q", "false", ":::", "a"}, 123, "", ""},
		{[]string{"sh", "-c", "echo why >&2; exit 127", ":::", "a"}, 123, "", "| why"},
		{[]string{"-j1", "-e", "[ {} = b ]", ":::", "b", "a", "b"}, 123, "", "2 jobs: 1 ok, 1 failed"},
		{[]string{"-t", "0.01", "sleep", ":::", "60"}, 123, "", "timed out after 10ms"},
		{[]string{"--deadline", "0.01", "sleep", ":::", "60"}, 124, "", "the deadline has passed, after 10ms"},
		{[]string{"-r1", "false", ":::", "a"}, 123, "", "1 failed; 2 attempts"},
		{[]string{"-r1", "[ $FANOUT_ATTEMPT = {} ]", ":::", "2"}, 0, "", "1 job: 1 ok (1 after a retry); 2 attempts"},
		{[]string{"./plain", ":::", "a"}, 126, "", "plain"},
		{[]string{"no-such-command", ":::", "a"}, 127, "", "no-such-command"},
		{[]string{"{}", "x", ":::", "no-such-command"}, 127, "", "no-such-command"},
		{[]string{"version"}, 0, "", ""},
		{[]string{"ps"}, 0, "", ""},
		{[]string{"ps", "x"}, 2, "", "takes no arguments; for a program called"},
		{[]string{"cleanup"}, 0, "", ""},
		{[]string{"cleanup", "x"}, 2, "", "takes no arguments; for a program called"},
		{[]string{"cleanup", "--grace", "-1s"}, 2, "", "give a time, 0 or more"},
		{[]string{"cleanup", "--run", "x"}, 2, "", "--run"},
		{[]string{"cleanup", "--run", ""}, 2, "", "--run"},
		{[]string{"cleanup", "--run", "ab"}, 1, "", "no run ab"},
		{[]string{"cleanup", "--help"}, 0, "", ""},
		{[]string{"--help"}, 0, "", ""},
	} {
		code, out, errs := invoke(t, tt.args...)
		if code != tt.want || tt.out != "" && out != tt.out || !strings.Contains(errs, tt.errs) || tt.errs == "" && errs != "" {
			t.Errorf("%q: %d, want %d\nout:  %q\nerrs: %q", tt.args, code, tt.want, out, errs)
		}
	}
}

func invoke(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var files [3]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	code = newApp(files[0], files[1], files[2], nil).main(args).code
	text := func(f *os.File) string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return code, text(files[1]), text(files[2])
}
