package text

import (
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Error is what an error says, in one line: the names of files in it as Name has them.
func Error(err error) string { return strings.Join(Errors(err), "; ") }

// Errors is a line for each of the errors that were joined to one.
func Errors(err error) (lines []string) {
	if all, ok := joined(err); ok {
		for _, e := range all {
			lines = append(lines, Errors(e)...)
		}
		return lines
	}
	return []string{one(err)}
}

// joined are the parts of what errors.Join has made.
func joined(err error) ([]error, bool) {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	all := several.Unwrap()
	var texts []string
	for _, e := range all {
		texts = append(texts, e.Error())
	}
	return all, err.Error() == strings.Join(texts, "\n")
}

// one is the text of an error that is no list. What it wraps is in its text, mostly, and
// is shown in its own way there.
func one(err error) string {
	switch e := err.(type) {
	case *fs.PathError:
		return Plain(e.Op) + " " + Name(e.Path) + ": " + Error(e.Err)
	case *os.LinkError:
		return Plain(e.Op) + " " + Name(e.Old) + " " + Name(e.New) + ": " + Error(e.Err)
	}
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	inner = slices.DeleteFunc(slices.Clone(inner), func(e error) bool { return e == nil })
	rest := err.Error()
	var b strings.Builder
	for _, e := range inner {
		before, after, found := strings.Cut(rest, e.Error())
		if !found || e.Error() == "" {
			continue
		}
		b.WriteString(Plain(before) + Error(e))
		rest = after
	}
	return b.String() + Plain(rest)
}
