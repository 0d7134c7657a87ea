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

// checked is the value of a flag, checked as it is read: what is no value of the flag is told of before
// the words behind it are taken for something else.
type checked[T any] struct {
	to    *T
	text  string
	kind  string
	words []string // that it is one of; nil: it has others
	parse func(string) (T, error)
}

// valueOf is the value of a flag, with its default.
func valueOf[T any](to *T, text string, parse func(string) (T, error)) *checked[T] {
	v := &checked[T]{to: to, text: text, kind: "string", parse: parse}
	if text != "" {
		*to, _ = parse(text)
	}
	return v
}

// oneOf is the value of a flag that takes one of a few words; the first is the default.
func oneOf(to *string, words ...string) *checked[string] {
	v := optionalOneOf(to, words...)
	v.text, *to = words[0], words[0]
	return v
}

// optionalOneOf is the same for a flag that needs no value, and is not given by default.
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

func (v *checked[T]) Set(s string) error {
	parsed, err := v.parse(s)
	if err == nil {
		*v.to, v.text = parsed, s
	}
	return err
}

func (v *checked[T]) String() string { return v.text }

// Type is what --help and a configuration take it for.
func (v *checked[T]) Type() string { return v.kind }

// unparsed is a text that must be as parse wants it.
func unparsed[T any](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		_, err := parse(s)
		return s, err
	}
}

// wholeFrom reads a whole number that is not less than that.
func wholeFrom(least int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least {
			return 0, fmt.Errorf("not a whole number from %d on", least)
		}
		return n, nil
	}
}

// byteSize reads bytes, or K, M, G, T of them, each 1024 times the one before.
func byteSize(s string) (int64, error) {
	number, unit := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i"), int64(1)
	if i := strings.IndexAny(number, "kKMGT"); i >= 0 && i == len(number)-1 {
		unit <<= 10 * (1 + strings.Index("KMGT", strings.ToUpper(number[i:])))
		number = number[:i]
	}
	n, err := strconv.ParseFloat(number, 64)
	const most = 1 << 60
	if bytes := n * float64(unit); err != nil || !(bytes >= 1 && bytes <= most) {
		return 0, errors.New("a size is a number of bytes, or of K, M, G or T, such as 500M")
	}
	return int64(n * float64(unit)), nil
}

// unparsable says which flag was not understood.
func unparsable(err error) string {
	var unknown *pflag.NotExistError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return "unknown flag: " + text.Name("--"+unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return fmt.Sprintf("unknown shorthand flag: %q in %s", rune(unknown.GetSpecifiedName()[0]), text.Name("-"+unknown.GetSpecifiedShortnames()))
	case errors.As(err, &syntax):
		return "bad flag syntax: " + text.Name(syntax.GetSpecifiedFlag())
	}
	return err.Error()
}

// flagError is an error about the flags of a command line in words of ours.
func flagError(c *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%s%s; see %s --help", unparsable(err), nearestFlag(c.Flags(), err), c.CommandPath())
	}
	f := invalid.GetFlag()
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if repeated(err) {
		return fmt.Errorf("%s: %w", name, invalid.Unwrap())
	}
	return fmt.Errorf("%s %w", name, reason(f, err))
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
