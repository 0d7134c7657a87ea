package execute

import (
	"regexp"
	"strings"
	"testing"

	"fanout/internal/template"
	"fanout/internal/testkit"
)

// message matches what bash or fanout prints about a command that it cannot do.
var message = regexp.MustCompile(`(fanout: |bash: line \d+: )([^\n\\]|\\")*`)

// passing matches what differs from run to run: process numbers and temporary folders.
var passing = regexp.MustCompile(`\d+ +[A-Z][a-z]|/00\d/`)

// TestStops: a script goes on where bash goes on and nowhere else, counts the lines as bash does, and prints the same:
// in the shell that fanout starts also on standard error, byte for byte.
func TestStops(t *testing.T) {
	testkit.Slow(t)
	bash := findBash(t)
	sup := newSupervisor(t)
	if len(stops) < 150 {
		t.Errorf("only %d scripts", len(stops))
	}
	natives := 0
	for _, script := range stops {
		t.Run(script, func(t *testing.T) {
			want := reference(t, bash, strings.ReplaceAll(script, "{}", `"${1}"`), "")
			for _, forced := range []bool{false, true} {
				dir := fixture(t)
				items := []string{}
				command := template.Spec{Command: []string{script}}
				if strings.Contains(script, "{}") {
					items = append(items, confirmItem)
				} else {
					command.Pipe = true
				}
				spec := Spec{Dir: dir, ShellForced: forced}
				if l, err := local(t, sup, spec, command); err == nil && l.plan != nil {
					natives++
				}
				got := run(t, t.Context(), sup, spec, command, items...)
				if plain(got.out) != plain(want.out) || got.code() != want.code {
					t.Errorf("forced %v: %q and %d, bash: %q and %d; stderr %q", forced, got.out, got.code(), want.out, want.code, got.errs)
				}
				if errs := passing.ReplaceAllString(got.errs, ""); forced && errs != passing.ReplaceAllString(want.text, "") {
					t.Errorf("stderr %q, bash: %q", got.errs, want.text)
				}
				if files := snapshot(t, dir); plain(files) != plain(want.files) {
					t.Errorf("forced %v: files\n%s\nbash:\n%s", forced, files, want.files)
				}
			}
		})
	}
	if natives < 40 {
		t.Errorf("only %d scripts are run without a shell", natives)
	}
}

func plain(s string) string { return message.ReplaceAllString(s, "MESSAGE") }
