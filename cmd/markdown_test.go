package cmd

import (
	"strings"
	"testing"
	"unicode/utf8"

	"fanout/docs"
)

func TestRenderMarkdown(t *testing.T) {
	for _, tt := range []struct{ name, page, want string }{
		{"nothing", "", ""},
		{"headings", "# Two words\n\n## A part\n", "TWO WORDS\n\nA part\n"},
		{"a paragraph is wrapped", "one two three four\nfive six seven\n", "  one two three four\n  five six seven\n"},
		{"a paragraph after a heading", "# A\ntext\n", "A\n\n  text\n"},
		{"links have no targets", "see [the page](page.md#part),\nand [`-k`](k.md)", "  see the page, and -k\n"},
		{"a link to a page", "[modes.md](modes.md) ([x.md](x.md))", "  `fanout help modes`\n  (x.md)\n"},
		{"pictures are left out", "a\n\n![a picture](p.svg)\n\nb\n", "  a\n\n  b\n"},
		{"code", "`{}` and `a b` and **c**", "  {} and `a b` and c\n"},
		{"a word that is too long", "a 123456789012345678901234567890 b", "  a\n  123456789012345678901234567890\n  b\n"},
		{"a block of code", "```console\n$ a long line that is not wrapped\n\n| x\n```\nb", "      $ a long line that is not wrapped\n\n      | x\n\n  b\n"},
		{"a block that does not end", "```\na", "      a\n"},
		{"indented code", "a\n\n    x\n      y\n\nb", "  a\n\n      x\n        y\n\n  b\n"},
		{"a list", "- one two three four five\n- six\n  seven\n", "  - one two three four\n    five\n  - six seven\n"},
		{"a list with numbers", "1. one;\n2. two.\n", "  1. one;\n  2. two.\n"},
		{"a table", "| a | word |\n|---|---|\n| `x\\|y` | z |\n", "  a    word\n  x|y  z\n"},
		{"a table without a head", "| | |\n|---|---|\n| a | b |\n", "  a  b\n"},
		{"a table that is too wide", "| a | b |\n|---|---|\n| x | one two three four |\n", "  a  b\n  x  one two three\n     four\n"},
		{"width counts characters", "äöü äöü äöü äöü äöü", "  äöü äöü äöü äöü äöü\n"},
	} {
		if got := renderMarkdown(tt.page, 22, false); got != tt.want {
			t.Errorf("%s:\n%q, want\n%q", tt.name, got, tt.want)
		}
	}
	if got := renderMarkdown("# A\n", 22, true); got != "\x1b[1mA\x1b[0m\n" {
		t.Errorf("bold: %q", got)
	}
}

// TestPages: every page of docs/ that is for users is a topic, and no line of its text is wider than the terminal.
func TestPages(t *testing.T) {
	internal := map[string]bool{"architecture": true, "benchmarks": true}
	for _, name := range pages(t) {
		topic, ok := topicOf(name)
		if ok == internal[name] {
			t.Errorf("%s: a topic: %v", name, ok)
		}
		if !ok {
			continue
		}
		page, err := topic.Page()
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{80, 100} {
			for line := range strings.Lines(renderMarkdown(page, width, false)) {
				code := strings.HasPrefix(line, "      ") || !strings.Contains(strings.TrimSpace(line), " ")
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width && !code {
					t.Errorf("%s at %d: %q", name, width, line)
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, topic := range Topics() {
		for _, name := range append([]string{topic.Name}, topic.others...) {
			if seen[name] {
				t.Errorf("two topics are called %s", name)
			}
			seen[name] = true
		}
	}
}

func pages(t *testing.T) (names []string) {
	t.Helper()
	entries, err := docs.Pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".md"))
	}
	return names
}
