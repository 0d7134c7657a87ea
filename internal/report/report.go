// Package report tells from a journal what became of a run: in a few lines for people, as
// data for programs, and as a page to look at.
package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// format is one way to tell.
type format struct {
	name  string
	write func(w io.Writer, j *Journal) error
}

func formats() []format {
	return []format{{"text", writeText}, {"json", writeJSON}, {"tsv", writeTSV}, {"junit", writeJUnit}, {"html", writeHTML}}
}

// Formats is what Write knows.
func Formats() (names []string) {
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Write tells of a journal in a format.
func Write(w io.Writer, name string, j *Journal) error {
	for _, f := range formats() {
		if f.name == name {
			j.learn()
			text := &textWriter{to: w}
			return errors.Join(f.write(text, j), text.flush())
		}
	}
	return fmt.Errorf("--format %q: the formats are %s", name, strings.Join(Formats(), ", "))
}
