package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fanout/internal/text"
)

const long = `fanout runs COMMAND once for each item, many at once, and prints what the jobs print without
mixing it up. Items are lines of standard input, unless -a, ::: or :::: name other sources.

COMMAND as several words, or one plain word, is run as it is, without a shell.
COMMAND as one quoted word with blanks or shell syntax is a bash script. Items are
given as arguments; they never become part of the script's text.

  {} item    {.} without extension    {/} base name    {//} directory
  {/.} base name without extension    {#} job number   {%} slot
  {1} {2} value of the first, second source, with . / // /. as above
  {:q} quoted for another shell       {{}} a literal {}
Without any of them, the item is added at the end.`

const examples = `  fanout 'gzip -9 {}' ::: *.log                 compress files, two a CPU at a time
  find . -name '*.png' -print0 | fanout -0 -j4 'convert {} {.}.webp'
  fanout -k 'curl -fsS {} | wc -c' < urls.txt   results in the order of the input
  fanout -t 30 -r 3 --retry-delay 1s curl -fsSO < urls.txt
  seq 1000 | fanout --persistent -k python3 -u square.py   started once a worker
  fanout 'convert -resize {2} {1} {1.}-{2}.png' ::: *.jpg ::: 50% 25%`

const exitCodes = `  0 all jobs succeeded     1 fanout itself failed      2 wrong usage
  75 items are left after USR2
  123 a job failed         124 the deadline passed     125 an outcome is unknown
  126 COMMAND cannot be executed                       127 COMMAND was not found
  129, 130, 131, 143 stopped by HUP, INT, QUIT, TERM   141 the reader of the output is gone`

// ExitCodes is a line or more about each, indented.
func ExitCodes() string { return exitCodes }

// help writes what --help shows: the flags in their groups.
func (f *flags) help(c *cobra.Command, w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n  fanout COMMAND, one of: %s\n", c.Long, c.UseLine(), subcommands(c))
	fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	for i, g := range f.groups {
		usages := f.sets[i].FlagUsages()
		if e, ok := g.(*remoteFlags); ok && !e.isRemote() {
			usages = e.brief(f.sets[i])
		}
		fmt.Fprintf(&b, "\n%s:\n%s", g.name(), usages)
	}
	fmt.Fprintf(&b, "\nExit codes:\n%s\n", exitCodes)
	_, err := io.WriteString(w, b.String())
	return err
}

// subHelp is the same for a subcommand.
func subHelp(c *cobra.Command, w io.Writer) error {
	var b strings.Builder
	about := c.Long
	if about == "" {
		about = c.Short
	}
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n", about, c.UseLine())
	if flags := c.LocalFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// nearestFlag is for a flag that is none: the one that may have been meant.
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

// subcommands names those that are for users.
func subcommands(c *cobra.Command) string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return strings.Join(names, ", ") + " (a program of that name: fanout -- NAME)"
}
