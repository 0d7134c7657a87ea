package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const about = `fanout runs COMMAND once for each item, many at once, and does not mix up what the jobs print.
Items are the lines of standard input, unless -a, ::: or :::: name other sources.`

const long = about + `

COMMAND as several words, or as one plain word, runs without a shell. COMMAND as one quoted
word with blanks or shell syntax is a bash script; items are its arguments, never its text.

` + placeholders + `
Without a placeholder, the item is added at the end.`

const placeholders = `  {} item    {.} without extension    {/} base name    {//} directory    {/.} base without extension
  {..} without all extensions  {+.} the extension   {%.gz} without .gz at the end  {/a/b} b for a
  {1} {-1} {name} source or field   {#} job number  {%} slot  {:q} quoted for a shell  {{}} text {}`

const examples = `  fanout 'gzip -9 {}' ::: *.log                 compress files, two per CPU at a time
  find . -name '*.png' -print0 | fanout -0 -j4 'convert {} {.}.webp'
  fanout -k 'curl -fsS {} | wc -c' < urls.txt   print results in the order of the input
  fanout -t 30 -r 3 --retry-delay 1s curl -fsSO < urls.txt
  fanout 'convert -resize {2} {1} {1.}-{2}.png' ::: *.jpg ::: 50% 25%`

const exitCodes = `  0 all jobs succeeded   1 fanout itself failed   2 wrong usage   75 drained by USR2
  123 a job failed   124 the deadline passed   125 a job is lost   126 COMMAND not executable
  127 COMMAND not found   129, 130, 131, 143 stopped by HUP, INT, QUIT, TERM   141 no reader is left`

// ExitCodes lists the exit codes, in indented lines.
func ExitCodes() string { return exitCodes }

// often lists the flags that -h shows.
func often() []string {
	return []string{
		"input", "null", "batch", "workers", "keep-order", "timeout", "retries", "stop-on-error", "journal", "resume", "mode", "progress", "quiet", "dry-run",
	}
}

// help writes what fanout -h or --help shows.
func (a *app) help(c *cobra.Command, f *flags, w io.Writer) error {
	text := f.long(c)
	if asksBriefly(a.typed(c)) {
		text = f.short(c)
	}
	_, err := io.WriteString(w, text)
	return err
}

// asksBriefly reports whether a command line asks for help by -h alone.
func asksBriefly(l line) bool {
	short := func(word string) bool { return strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") }
	return slices.ContainsFunc(l.own, short) && !slices.Contains(l.own, "--help")
}

// short makes the page of -h: what most people need, on one screen.
func (f *flags) short(c *cobra.Command) string {
	few, all := pflag.NewFlagSet("", pflag.ContinueOnError), f.all()
	few.SortFlags = false
	for _, name := range often() {
		few.AddFlag(all.Lookup(name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage: %s\n\nFlags (fanout --help has all of them):\n%s", c.Long, c.UseLine(), listFlags(few))
	fmt.Fprintf(&b, "\nExamples:\n%s\n\n", c.Example)
	fmt.Fprintf(&b, "fanout --help lists all flags and exit codes, and fanout help the pages of the manual.\n%s\n", subcommands(c))
	return b.String()
}

// long makes the page of --help: everything, the flags in their groups.
func (f *flags) long(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nUsage: %s\n%s\n\nPlaceholders (without one, the item is added at the end):\n%s\n", about, c.UseLine(), subcommands(c), placeholders)
	for i, g := range f.groups {
		fmt.Fprintf(&b, "\n%s:\n%s", g.name(), listFlags(f.sets[i]))
	}
	fmt.Fprintf(&b, "\nExit codes: %s\n", strings.TrimSpace(exitCodes))
	return b.String()
}

// subHelp writes the help of a subcommand.
func subHelp(c *cobra.Command, w io.Writer) error {
	var b strings.Builder
	about := c.Long
	if about == "" {
		about = c.Short
	}
	fmt.Fprintf(&b, "%s\n\nUsage: %s\n", about, c.UseLine())
	if flags := listFlags(c.LocalFlags()); flags != "" {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Option is a flag as help shows it: -e, --stop-on-error[=now|soon], and what it does.
type Option struct{ Flag, About string }

// OptionGroup is the flags of one concern.
type OptionGroup struct {
	Title   string
	Options []Option
}

// Options lists the flags of a command for its manual page: those of fanout itself in groups.
func Options(c *cobra.Command) (groups []OptionGroup) {
	titles, sets := []string{""}, []*pflag.FlagSet{c.LocalFlags()}
	if !c.HasParent() {
		f := newFlags()
		titles, sets = nil, f.sets
		for _, g := range f.groups {
			titles = append(titles, g.name())
		}
	}
	for i, set := range sets {
		g := OptionGroup{Title: titles[i]}
		set.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				flag, about := describe(f)
				g.Options = append(g.Options, Option{strings.TrimSpace(flag), about})
			}
		})
		groups = append(groups, g)
	}
	return groups
}

// helpOfSubcommands lets all subcommands list their flags in the order in which they are added, and write their own
// usage line.
func helpOfSubcommands(c *cobra.Command) {
	for _, sub := range c.Commands() {
		sub.DisableFlagsInUseLine = true
		sub.Flags().SortFlags = false
		sub.Flags().BoolP("help", "h", false, "print this help")
		helpOfSubcommands(sub)
	}
}

// listFlags lists the flags of a set that are not hidden, each in a line, in the order of the set.
func listFlags(set *pflag.FlagSet) string {
	var heads, usages []string
	width := 0
	const widest = 24 // a longer one stands out
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		head, usage := describe(f)
		heads, usages = append(heads, head), append(usages, usage)
		if len(head) <= widest {
			width = max(width, len(head))
		}
	})
	var b strings.Builder
	for i, head := range heads {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, head, usages[i])
	}
	return b.String()
}

// describe returns a flag with its placeholder, as -e, --stop-on-error[=now|soon], and what it does.
func describe(f *pflag.Flag) (head, usage string) {
	value, usage := pflag.UnquoteUsage(f)
	head = "    --" + f.Name
	if f.Shorthand != "" {
		head = "-" + f.Shorthand + ", --" + f.Name
	}
	switch {
	case f.Value.Type() == "bool" || f.Value.Type() == "count":
	case f.NoOptDefVal != "" && strings.Contains(f.Usage, "`"):
		head += "[=" + value + "]"
	case f.NoOptDefVal != "":
		head += "[=" + strings.Join(wordsOf(f), "|") + "]"
	default:
		head += " " + value
	}
	switch f.DefValue {
	case "", "0", "false", "[]":
	default:
		if !strings.Contains(usage, "default") {
			usage += " (default " + f.DefValue + ")"
		}
	}
	return head, usage
}

// subcommands names the subcommands for users, and the way to a program of such a name.
func subcommands(c *cobra.Command) string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == helpCommand {
			names = append(names, sub.Name())
		}
	}
	return "Subcommands: " + strings.Join(names, ", ") + "\n  (to run a program called ps: fanout -- ps)"
}
