// Package hint has what fanout says to those who may have meant something else: one line for
// each, which changes nothing of what is done. It has no side effects.
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
	Items
	Subcommand
	Behind
	Nulls
	Kinds // how many there are
)

// hint is what to say, about what %s and %q stand for.
type hint struct {
	say   string
	typed string // a command that is told so, for bash
}

// table is all hints: a new one is a line here, and where it is given.
var table = [Kinds]hint{
	Braces: {
		`%s is a placeholder of %s, not of fanout, and stays as it is; %s`,
		`fanout 'echo {..}' ::: a.tar.gz`,
	},
	Separator: {
		`%q is an argument of COMMAND here; did you mean %s?`,
		`fanout echo :: a < /dev/null`,
	},
	SeparatorItem: {
		`%q is an item here; did you mean %s?`,
		`fanout echo ::: a ::::: b`,
	},
	FlagItem: {
		`%q is an item, since it stands behind :::; flags of fanout stand before COMMAND`,
		`fanout echo ::: a --dry-run`,
	},
	NoItems: {
		`there was no item on standard input, and nothing was run; did you mean %s?`,
		`touch a.txt b.txt; fanout wc -l a.txt b.txt < /dev/null`,
	},
	Terminal: {
		`items are read from the terminal; Ctrl-D ends them`,
		``, // needs one
	},
	OneLine: {
		`%s is one line with carriage returns in it; if they end lines, convert it first, as tr '\r' '\n' does`,
		`printf 'a\rb\r' | fanout true`,
	},
	CRLF: {
		`the lines of %s end with CR LF, and the CR is part of each item; -d '\r\n' leaves it out`,
		`printf 'a\r\nb\r\n' | fanout true`,
	},
	Mark: {
		`%s begins with a byte order mark, which is part of the first item; tail -c +4 leaves it out`,
		`printf '\xef\xbb\xbfa\nb\n' | fanout true`,
	},
	UTF16: {
		`%s is UTF-16; convert it first, as iconv -f UTF-16 -t UTF-8 does`,
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
	Items: {
		`for items, write ::: before them: fanout %s; for one script, put all in the same quotes`,
		`fanout 'wc -c {}' a.txt b.txt`,
	},
	Subcommand: {
		`did you mean fanout %s?`,
		`fanout repot j < /dev/null`,
	},
	Behind: {
		`a value of %s stands behind =, and is one of %s`,
		`fanout --stop-on-error never ls ::: a`,
	},
	Nulls: {
		`-0 is for items that end with NULs, as find -print0 writes them; --pipe gives an item on stdin`,
		`printf 'a\0b\0' | fanout /bin/echo`,
	},
}

// Text is what a hint says, with %s and %q for what it is about.
func (k Kind) Text() string { return table[k].say }

// Say is the hint about that.
func (k Kind) Say(about ...any) string { return fmt.Sprintf(table[k].say, about...) }

// Typed is a command for bash that is told so, "" where it takes more than that.
func (k Kind) Typed() string { return table[k].typed }
