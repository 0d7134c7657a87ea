package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// duration is the value of a flag that takes a time: 200ms, 1h30m, or a number of seconds, as timeout and sleep take
// it.
type duration time.Duration

// longest is longer than any run, and short enough to be doubled.
const longest = 100 * 365 * 24 * time.Hour

// Set parses a time.
func (d *duration) Set(s string) error {
	text := s
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		text += "s"
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed.Abs() > longest {
		return errors.New("give a time such as 200ms, 90s or 1h30m, or a number of seconds")
	}
	*d = duration(parsed)
	return nil
}

// String returns the time with its unit.
func (d *duration) String() string {
	if *d == 0 {
		return "0" // --help does not show it
	}
	return time.Duration(*d).String()
}

// Type returns the kind of value, for help and configurations.
func (d *duration) Type() string { return "duration" }

// notNegative refuses a flag with a time below 0.
func notNegative(set *pflag.FlagSet, flag string, value duration) error {
	if value >= 0 {
		return nil
	}
	f := set.Lookup(flag)
	return fmt.Errorf("%s %q: give a time, 0 or more", nameOf(f), f.Value)
}

// aboveZero refuses a flag with a time that is not above 0.
func aboveZero(set *pflag.FlagSet, flag string, value duration) error {
	if value > 0 {
		return nil
	}
	f := set.Lookup(flag)
	return fmt.Errorf("%s %q: give a time above 0, such as 90s", nameOf(f), f.Value)
}
