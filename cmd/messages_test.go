package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanout/internal/sink"
)

func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		name  string
		quiet bool
		do    func(m *messages)
		want  string
	}{
		{"a line", false, func(m *messages) { m.say("%d %s", 1, "a\x1bb") }, "fanout: 1 a\\x1bb\n"},
		{"a note", false, func(m *messages) { m.note("a") }, "fanout: a\n"},
		{"nothing", false, func(m *messages) { m.note("") }, ""},
		{"warnings", false, func(m *messages) { m.warn("a", "b") }, "fanout: warning: a\nfanout: warning: b\n"},
		{"quiet", true, func(m *messages) { m.note("a"); m.warn("b") }, ""},
		{"quiet, but wrong", true, func(m *messages) { m.fail(errors.New("a")) }, "fanout: a\n"},
		{"no error", false, func(m *messages) { m.fail(nil) }, ""},
		{"status", false, func(m *messages) { m.show("a"); m.show("b"); m.say("c"); m.clear() }, "a\r\x1b[Kb\r\x1b[Kfanout: c\n"},
	} {
		file := filepath.Join(t.TempDir(), "stderr")
		out, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		m := messages{to: sink.NewMessages(out), quiet: tt.quiet}
		tt.do(&m)
		m.to.Close()
		out.Close()
		if got, err := os.ReadFile(file); err != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// TestMessagesOnly: nothing but messages, and workers that have none, writes to standard error.
func TestMessagesOnly(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file == "messages.go" || strings.HasPrefix(file, "worker") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"text.Line(", "text.ErrorLines(", "Fprint(stderr", "Fprintf(stderr", "Fprintln(stderr", "Fprintf(os.Stderr", "ErrOrStderr", "(a.io.Say,"} {
			if strings.Contains(string(text), what) {
				t.Errorf("%s has %s", file, what)
			}
		}
	}
}
