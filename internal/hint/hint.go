// Package hint says to users what they may have meant instead: one line for each case, which changes nothing
// of the run. Each [Kind] has a text, and [Brace] recognises the placeholders of other runners. The package
// has no side effects.
package hint

import "fmt"

// Kind is one of the hints.
type Kind int

// The hints.
const (
	Braces Kind = iota
	Separator
	SeparatorItem
	FlagItem
	NoItems
	Terminal
	OneLine
	CRLF
	Mark
	UTF16
	Operator
	Quote
	LateFlag
	Items
	Subcommand
	Behind
	Nulls
	Foreign
	Kinds // the number of hints
)

// hint is the text of a hint, with %s and %q for its subject.
type hint struct {
	say   string
	typed string // a command line for bash that causes the hint
}

// table has all hints. A new hint is a line here, and a call where it is given.
var table = [Kinds]hint{
	Braces: {
		`%s is a placeholder of %s, not of fanout, and stays as it is; %s`,
		`fanout 'echo {...}' ::: a.tar.gz`,
	},
	Separator: {
		`%q is an argument of COMMAND here; did you mean %s?`,
		`fanout echo :: a < /dev/null`,
	},
	SeparatorItem: {
		`%q is an item here; did you mean %s?`,
		`fanout -k echo ::: a ::::: b`,
	},
	FlagItem: {
		`%q is an item because it stands after :::; put flags of fanout before COMMAND`,
		`fanout -k echo ::: a --dry-run`,
	},
	NoItems: {
		`standard input had no items, so nothing was run; did you mean %s?`,
		`touch a.txt b.txt; fanout wc -l a.txt b.txt < /dev/null`,
	},
	Terminal: {
		`reading items from the terminal; Ctrl-D ends them`,
		``, // needs one
	},
	OneLine: {
		`%s is one line with carriage returns in it; if they end its lines, convert it with tr '\r' '\n'`,
		`printf 'a\rb\r' | fanout true`,
	},
	CRLF: {
		`the lines of %s end with CR LF, and the CR becomes part of each item; -d '\r\n' removes it`,
		`printf 'a\r\nb\r\n' | fanout true`,
	},
	Mark: {
		`%s begins with a byte order mark, which becomes part of the first item; tail -c +4 removes it`,
		`printf '\xef\xbb\xbfa\nb\n' | fanout true`,
	},
	UTF16: {
		`%s is UTF-16; convert it with iconv -f UTF-16 -t UTF-8`,
		`printf '\xff\xfea\0\n\0' | fanout --pipe true`,
	},
	Operator: {
		`%q is an argument here; for a shell, quote the whole command: fanout %s`,
		`fanout echo {} '|' wc ::: a`,
	},
	Quote: {
		`for a shell, quote the whole command: fanout %s`,
		`fanout 'a={}; x;' 'y;' z ::: 1`,
	},
	LateFlag: {
		`%q stands after COMMAND; put flags first: fanout %s`,
		`fanout 'echo {}' -k ::: x`,
	},
	Items: {
		`for items, write ::: before them: fanout %s; if they belong to the script, write them inside the quotes`,
		`fanout 'wc -c {}' a.txt b.txt`,
	},
	Subcommand: {
		`did you mean fanout %s?`,
		`fanout repot j < /dev/null`,
	},
	Behind: {
		`the value of %s follows =, and is one of %s`,
		`fanout --stop-on-error never ls ::: a`,
	},
	Nulls: {
		`-0 is for items that end with NULs, as find -print0 writes them; use --pipe to give items on standard input`,
		`printf 'a\0b\0' | fanout /bin/echo`,
	},
	Foreign: {
		`%s is a flag of %s, not of fanout; %s`,
		`fanout --joblog log echo ::: a`,
	},
}

// Text returns the text of a hint, with %s and %q for its subject.
func (k Kind) Text() string { return table[k].say }

// Say returns the hint about its subject.
func (k Kind) Say(about ...any) string { return fmt.Sprintf(table[k].say, about...) }

// Typed returns a command line for bash that causes the hint; "" if it takes more than a command line.
func (k Kind) Typed() string { return table[k].typed }
