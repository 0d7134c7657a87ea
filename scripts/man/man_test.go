package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanout/cmd"
)

func TestBody(t *testing.T) {
	for _, tt := range []struct{ page, want string }{
		{"# A title\n\n## Part\n", "\n# Part\n\n"},
		{"![a picture](p.png)\nx", "x\n"},
		{"see [rows](rows.md#names), [rows.md](rows.md), [away](https://example.org)", "see rows (**fanout-rows**(7)), **fanout-rows**(7), away\n"},
		{"[the layers](architecture.md)", "the layers\n"},
		{"```console\n# a [b](c.md)\n```", "```console\n# a [b](c.md)\n```\n"},
		{"| a | b |\n|---|---|\n| `x\\|y` | [z](z.md) |", "`x|y`\n: z\n\n"},
		{"| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |", "\n```\n  a  b  c\n  1  2  3\n```\n"},
	} {
		if got := body(tt.page); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.page, got, tt.want)
		}
	}
}

func TestMarked(t *testing.T) {
	for flag, want := range map[string]string{
		"--reap":                         "**--reap**",
		"-k, --keep-order":               "**-k**, **--keep-order**",
		"--hosts HOSTS":                  "**--hosts** *HOSTS*",
		"-e, --stop-on-error[=now|soon]": "**-e**, **--stop-on-error**[=*now|soon*]",
	} {
		if got := marked(flag); got != want {
			t.Errorf("%s: %q, want %q", flag, got, want)
		}
	}
}

// TestWrite: there is a page for each subcommand and each topic, and none has a part of Markdown left.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	pages := []string{"man1/fanout.1", "man1/fanout-cleanup.1", "man1/fanout-config-path.1"}
	for _, topic := range cmd.Topics() {
		pages = append(pages, "man7/fanout-"+topic.Name+".7")
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(dir, "share/man", page))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, left := range []string{"```console", "](", "|---", "[=false]", "Jan 0001"} {
			if strings.Contains(string(text), left) {
				t.Errorf("%s has %q", page, left)
			}
		}
	}
}
