package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// sources calls use for each file of the checkout with this extension, except what is generated.
func sources(t *testing.T, extension string, use func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			switch e.Name() {
			case ".git", ".tools", "build", "dist", "testdata":
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != extension || !e.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && !strings.HasPrefix(string(text), "// Code generated ") {
			use(path, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFileSizes keeps files at a size that can be read at once.
func TestFileSizes(t *testing.T) {
	const most = 400
	sources(t, ".go", func(path, text string) {
		if n := strings.Count(text, "\n"); n > most {
			t.Errorf("%s has %d lines: split it, at most %d are allowed", path, n, most)
		}
	})
}

// linkOnly matches a line that is one link or picture, which cannot be broken.
var linkOnly = regexp.MustCompile(`^\s*(?:[-*] )?(?:!?\[[^\]]*\]\(\S+\)|\[[^\]]+\]: \S+|<?https?://\S+>?)[.,;:]?$`)

// TestLineLengths keeps prose readable in a terminal. Tables, code blocks and lines that are one link may be longer.
func TestLineLengths(t *testing.T) {
	const most = 120
	sources(t, ".md", func(path, text string) {
		code := false
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimRight(line, "\n")
			fence := strings.HasPrefix(strings.TrimLeft(line, " "), "```")
			if fence {
				code = !code
			}
			if code || fence || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "|") || linkOnly.MatchString(line) {
				continue
			}
			if n := utf8.RuneCountInString(line); n > most {
				t.Errorf("%s:%d has %d columns: break it, at most %d are allowed", path, number, n, most)
			}
		}
	})
}
