package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// once is the value of a flag that is given once: of two, one would be lost without a word. A
// flag that adds up is of a type Array, or is counted.
type once struct {
	pflag.Value
	flag  *pflag.Flag
	given bool
	first string
}

// onlyOnce has flags of the set that do not add up refuse a second value.
func onlyOnce(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		_, done := f.Value.(*once)
		if kind := f.Value.Type(); !done && kind != "count" && !strings.HasSuffix(kind, "Array") {
			f.Value = &once{Value: f.Value, flag: f}
		}
	})
}

// onlyOnceIn is onlyOnce for a command and those under it.
func onlyOnceIn(c *cobra.Command) {
	onlyOnce(c.Flags())
	for _, sub := range c.Commands() {
		onlyOnceIn(sub)
	}
}

// errRepeated is said of the flag, and not of the value.
type errRepeated struct{ text string }

func (e *errRepeated) Error() string { return e.text }

// Set refuses a second value, but that a flag without one, such as -k, may be given as often as
// one likes.
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

// repeated says that err is of a flag that was given twice.
func repeated(err error) bool {
	var e *errRepeated
	return errors.As(err, &e)
}

// unwrapped is the value of a flag without what keeps it from being given twice.
func unwrapped(f *pflag.Flag) pflag.Value {
	if o, ok := f.Value.(*once); ok {
		return o.Value
	}
	return f.Value
}

// wordsOf is what the value of a flag is one of; nil if it can be others.
func wordsOf(f *pflag.Flag) []string {
	if v, ok := unwrapped(f).(*checked[string]); ok {
		return v.words
	}
	return nil
}
