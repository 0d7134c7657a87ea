package template

import (
	"strings"
	"testing"

	"fanout/internal/job"
)

// TestCommands: the item is the text that the shell gets, whatever is in it.
func TestCommands(t *testing.T) {
	tmpl, err := Compile(Spec{Commands: true})
	if err != nil || tmpl.Form() != ScriptForm || tmpl.Plan() != nil || len(tmpl.Warnings()) > 0 || tmpl.Stdin(commandJob("a")) != nil {
		t.Fatalf("%v, %v", tmpl, err)
	}
	for item, want := range map[string]string{
		"echo {} {#} {..}": "echo {} {#} {..}",
		"a\nb \\":          "a\nb \\",
		"\xff {":           "\xff {",
		"-x":               " -x",
		"+x":               " +x",
	} {
		text, params, err := tmpl.Shell(commandJob(item))
		if text != want || len(params) > 0 || err != nil {
			t.Errorf("%q: %q, %q, %v", item, text, params, err)
		}
	}
	if _, _, err := tmpl.Shell(commandJob("a\x00b")); err == nil || !strings.Contains(err.Error(), "NUL") {
		t.Errorf("%v", err)
	}
	if got := tmpl.Display(commandJob("it's\na"), "/bin/bash"); got != `/bin/bash -c $'it\'s\na' bash` {
		t.Error(got)
	}
	if got := tmpl.Display(commandJob("a\x00b"), "bash"); !strings.HasPrefix(got, "# ") {
		t.Error(got)
	}
}

// TestCommandsFit: a command that is too long is refused by a message about it.
func TestCommandsFit(t *testing.T) {
	tmpl, err := Compile(Spec{Commands: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		limits Limits
		item   string
		want   string
	}{
		{Limits{Arg: 11, Total: 100}, strings.Repeat("x", 10), ""},
		{Limits{Arg: 11, Total: 100}, strings.Repeat("x", 11), "the command is 11 bytes long, and the system allows 10; "},
		{Limits{Arg: 11, Total: 100}, "-" + strings.Repeat("x", 9), "the command is 11 bytes long, and the system allows 10; "},
		{Limits{Arg: 200, Total: 100}, strings.Repeat("x", 90), "the command and the environment are longer than the system allows; "},
	} {
		j := commandJob(tt.item)
		text, _, err := tmpl.Shell(j)
		if err != nil {
			t.Fatal(err)
		}
		err = tmpl.Fits(tt.limits, []string{"bash", "-c", text, "bash"}, j)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %q", tt.item, err, tt.want)
		}
	}
}

func commandJob(item string) job.Job {
	return job.Job{Items: []job.Item{{Seq: 1, Fields: []string{item}}}}
}
