// Package report tells from a journal what became of a run: in a few lines for people, as
// data for programs, and as a page to look at.
package report

import (
	"fmt"
	"io"
	"slices"
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

// Formats is what Write knows, for people.
func Formats() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Known says whether there is such a format.
func Known(name string) bool {
	return slices.ContainsFunc(formats(), func(f format) bool { return f.name == name })
}

// Write tells of a journal in a format.
func Write(w io.Writer, name string, j *Journal) error {
	for _, f := range formats() {
		if f.name == name {
			j.learn()
			return f.write(w, j)
		}
	}
	return fmt.Errorf("--format %s: the formats are %s", name, Formats())
}
