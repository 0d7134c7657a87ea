// Package report tells what became of a run, from its journal: in a few lines for people, as data for programs, or as a
// page for a browser. [Open] opens a journal and [Write] writes one of the [Formats].
package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Format is a form of the report.
type Format struct {
	Name  string
	About string // for people
	write func(w io.Writer, j *Journal) error
}

// Formats returns the forms of the report that Write knows.
func Formats() []Format {
	return []Format{
		{"text", "a summary for people", writeText},
		{"json", "an object with the same and with all failures", writeJSON},
		{"tsv", "one line per job, with the columns of GNU parallel's --joblog", writeTSV},
		{"junit", "XML for CI servers, with one test case per job", writeJUnit},
		{"html", "a page for a browser, in one file: a timeline, a histogram and a search", writeHTML},
	}
}

// names returns the names of all formats.
func names() (all []string) {
	for _, f := range Formats() {
		all = append(all, f.Name)
	}
	return all
}

// Write writes a report of the journal in the format of that name.
func Write(w io.Writer, name string, j *Journal) error {
	for _, f := range Formats() {
		if f.Name == name {
			j.learn()
			utf8 := &utf8Writer{to: w}
			return errors.Join(f.write(utf8, j), utf8.flush())
		}
	}
	return fmt.Errorf("--format %q: give one of %s", name, strings.Join(names(), ", "))
}
