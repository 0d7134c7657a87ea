package text

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Error returns the text of an error in one line, with the names of files as [Name] shows them.
func Error(err error) string { return strings.Join(Errors(err), "; ") }

// Errors returns a line for each error that was joined to err by errors.Join.
func Errors(err error) (lines []string) {
	if all, ok := joined(err); ok {
		for _, e := range all {
			lines = append(lines, Errors(e)...)
		}
		return lines
	}
	return []string{one(err)}
}

// joined returns the parts of an error that errors.Join made.
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

// one returns the text of an error that errors.Join did not make. The text of an error that it wraps is mostly a part of
// its own, and is shown there by Error.
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

// Cause returns why a file operation failed, without the path, for a message that names the file. The operation is left
// out where it goes without saying.
func Cause(err error) error {
	var path *fs.PathError
	switch {
	case !errors.As(err, &path):
		return err
	case path.Op == "open", path.Op == "stat":
		return path.Err
	}
	return fmt.Errorf("%s: %w", path.Op, path.Err)
}
