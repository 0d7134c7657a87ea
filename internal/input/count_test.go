package input

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanout/internal/job"
)

// TestCounter: the count is the number of items, and the reading is not disturbed.
func TestCounter(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) Source {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Source{Path: path, IsFile: true}
	}
	for name, spec := range map[string]Spec{
		"lines":     {Sources: []Source{file("lines", "a\n\nb\nc")}},
		"ended":     {Sources: []Source{file("ended", "a\nb\n")}},
		"big":       {Sources: []Source{file("big", strings.Repeat("line\n", 300_000))}},
		"nulls":     {Sources: []Source{file("nulls", "a\x00b\nc\x00")}, Delimiter: "\x00"},
		"commands":  {Sources: []Source{file("commands", "# a\n\na\nb \\\nc\n  #\n \t\r\nd\\\\\ne")}, Commands: true},
		"scripts":   {Sources: []Source{file("scripts", "# a\nb\x00 \n# c\x00d\\\x00e")}, Delimiter: "\x00", Commands: true},
		"words":     {Sources: []Source{{Args: []string{"# a", "b", "c\\", "", "d"}}}, Commands: true},
		"arguments": {Sources: []Source{{Args: []string{"a", "b", "c"}}}},
		"product":   {Sources: []Source{{Args: []string{"a", "b", "c"}}, file("two", "1\n2\n")}},
		"linked":    {Sources: []Source{{Args: []string{"a", "b", "c"}}, file("link", "1\n2\n3")}, Link: Equal},
		"shortest":  {Sources: []Source{{Args: []string{"a", "b", "c"}}, file("short", "1\n2\n")}, Link: Shortest},
		"wrapped":   {Sources: []Source{{Args: []string{"a", "b", "c"}}, file("wrap", "1\n2\n")}, Link: Wrap},
	} {
		if spec.Delimiter == "" {
			spec.Delimiter = "\n"
		}
		in, err := Open(spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := in.Counter()
		if c == nil {
			t.Errorf("%s cannot be counted", name)
			continue
		}
		read := int64(0)
		half := func(yield func(job.Item, error) bool) { in.Items(t.Context())(yield) }
		for _, err := range half {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read == 1 {
				if n, ok := c.Count(t.Context()); !ok {
					t.Errorf("%s: not counted", name)
				} else {
					defer func() {
						if n != read {
							t.Errorf("%s: %d counted, %d read", name, n, read)
						}
					}()
				}
			}
		}
		c.Close()
	}
}

// TestNoCounter: there is no Counter for sources that cannot be counted beside the reading.
func TestNoCounter(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for name, spec := range map[string]Spec{
		"pipe":  {Sources: []Source{{Path: "-", IsFile: true}}, Delimiter: "\n"},
		"proc":  {Sources: []Source{{Path: "/proc/self/status", IsFile: true}}, Delimiter: "\n"},
		"shell": {Sources: []Source{{Args: []string{"a"}}}, Delimiter: "\n", Format: Shell},
		"empty": {Sources: []Source{{Args: []string{"a"}}}, Delimiter: "\n", SkipEmpty: true},
	} {
		in, err := Open(spec, r)
		if err != nil {
			t.Fatal(err)
		}
		if in.Counter() != nil {
			t.Errorf("%s is counted", name)
		}
		in.Close()
	}
}
