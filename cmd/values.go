package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fanout/internal/text"
)

// checked is the value of a flag that is checked as soon as it is read: before the words after it are taken for
// something else.
type checked[T any] struct {
	to    *T
	text  string
	kind  string
	words []string // the only values; nil: others
	parse func(string) (T, error)
}

// valueOf returns the value of a flag with its default.
func valueOf[T any](to *T, text string, parse func(string) (T, error)) *checked[T] {
	v := &checked[T]{to: to, text: text, kind: "string", parse: parse}
	if text != "" {
		*to, _ = parse(text)
	}
	return v
}

// oneOf returns the value of a flag that takes one of a few words; the first is the default.
func oneOf(to *string, words ...string) *checked[string] {
	v := optionalOneOf(to, words...)
	v.text, *to = words[0], words[0]
	return v
}

// optionalOneOf returns the value of a flag that may stand without one of its words, and has no default.
func optionalOneOf(to *string, words ...string) *checked[string] {
	v := valueOf(to, "", func(s string) (string, error) {
		if i := slices.IndexFunc(words, func(word string) bool { return strings.EqualFold(word, s) }); i >= 0 {
			return words[i], nil
		}
		return "", fmt.Errorf("give one of %s", strings.Join(words, ", "))
	})
	v.words = words
	return v
}

// Set parses a value.
func (v *checked[T]) Set(s string) error {
	parsed, err := v.parse(s)
	if err == nil {
		*v.to, v.text = parsed, s
	}
	return err
}

// String returns the value as it was given.
func (v *checked[T]) String() string { return v.text }

// Type returns the kind of value, for help and configurations.
func (v *checked[T]) Type() string { return v.kind }

// unparsed checks a text by parse, and keeps the text.
func unparsed[T any](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		_, err := parse(s)
		return s, err
	}
}

// wholeFrom returns a parser of whole numbers that are not less than least.
func wholeFrom(least int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least {
			return 0, fmt.Errorf("give a whole number, %d or more", least)
		}
		return n, nil
	}
}

// byteSize parses a number of bytes, or of K, M, G or T, each 1024 times the one before.
func byteSize(s string) (int64, error) {
	number, unit := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i"), int64(1)
	if i := strings.IndexAny(number, "kKMGT"); i >= 0 && i == len(number)-1 {
		unit <<= 10 * (1 + strings.Index("KMGT", strings.ToUpper(number[i:])))
		number = number[:i]
	}
	n, err := strconv.ParseFloat(number, 64)
	const most = 1 << 60
	if bytes := n * float64(unit); err != nil || !(bytes >= 1 && bytes <= most) {
		return 0, errors.New("give a number of bytes, or of K, M, G or T, such as 500M")
	}
	return int64(n * float64(unit)), nil
}

// unparsable describes a flag that pflag did not understand.
func unparsable(err error) string {
	var unknown *pflag.NotExistError
	var syntax *pflag.InvalidSyntaxError
	var valueless *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return "unknown flag: " + text.Name("--"+unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return text.Name("-"+unknown.GetSpecifiedName()) + ": there is no such flag"
	case errors.As(err, &valueless):
		name := "--" + valueless.GetSpecifiedName()
		if valueless.GetSpecifiedShortnames() != "" {
			name = "-" + valueless.GetSpecifiedName()
		}
		value, _ := pflag.UnquoteUsage(valueless.GetFlag())
		return fmt.Sprintf("%s needs a value: %[1]s %s", name, value)
	case errors.As(err, &syntax):
		return text.Name(syntax.GetSpecifiedFlag()) + ": this is not a flag"
	}
	return err.Error()
}

// flagError describes an error of pflag in fanout's own words.
func flagError(c *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%s%s; see %s --help", unparsable(err), nearestFlag(c.Flags(), err), c.CommandPath())
	}
	f := invalid.GetFlag()
	name := nameOf(f)
	if repeated(err) {
		return fmt.Errorf("%s: %w", name, invalid.Unwrap())
	}
	return fmt.Errorf("%s %w%s", name, reason(f, err), likened(f, invalid.GetValue()))
}

// nameOf returns the name of a flag for messages: -j, --workers.
func nameOf(f *pflag.Flag) string {
	if f.Shorthand == "" {
		return "--" + f.Name
	}
	return "-" + f.Shorthand + ", --" + f.Name
}

// nearestFlag names the flag that may have been meant by one that does not exist.
func nearestFlag(set *pflag.FlagSet, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	near := text.Nearest(flagNames(set), unknown.GetSpecifiedName())
	if near == "" {
		return ""
	}
	return "; the nearest is --" + near
}
