package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// once is the value of a flag that may be given only once: of two values, one would be lost silently. Flags that add up
// have a type Array, or are counted.
type once struct {
	pflag.Value
	flag  *pflag.Flag
	given bool
	first string
}

// onlyOnce makes the flags of a set that do not add up refuse a second value.
func onlyOnce(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		_, done := f.Value.(*once)
		if kind := f.Value.Type(); !done && kind != "count" && !strings.HasSuffix(kind, "Array") {
			f.Value = &once{Value: f.Value, flag: f}
		}
	})
}

// onlyOnceIn does the same for a command and its subcommands.
func onlyOnceIn(c *cobra.Command) {
	onlyOnce(c.Flags())
	for _, sub := range c.Commands() {
		onlyOnceIn(sub)
	}
}

// errRepeated is an error about a flag, not about its value.
type errRepeated struct{ text string }

func (e *errRepeated) Error() string { return e.text }

// Set refuses a second value. A flag without one, such as -k, may be repeated.
func (o *once) Set(s string) error {
	switch {
	case !o.given:
	case o.flag.NoOptDefVal == "":
		return &errRepeated{fmt.Sprintf("given twice, as %q and %q: give it once", o.first, s)}
	case s != o.first:
		return &errRepeated{fmt.Sprintf("given twice, as %q and %q: they exclude each other", o.first, s)}
	}
	o.given, o.first = true, s
	return o.Value.Set(s)
}

// repeated reports whether err is about a flag that was given twice.
func repeated(err error) bool {
	var e *errRepeated
	return errors.As(err, &e)
}

// unwrapped returns the value of a flag inside once.
func unwrapped(f *pflag.Flag) pflag.Value {
	if o, ok := f.Value.(*once); ok {
		return o.Value
	}
	return f.Value
}

// wordsOf returns the only values of a flag; nil if it takes others.
func wordsOf(f *pflag.Flag) []string {
	if v, ok := unwrapped(f).(*checked[string]); ok {
		return v.words
	}
	return nil
}
