package flow

import (
	"slices"
	"strings"
)

// printed is what a program prints on standard output.
func (f *follower) printed(name string, p *Program, list []word, args []arg, st *state) value {
	all := f.given(list, st)
	out := text("")
	if f.messages > 0 && f.carries(all) {
		out = f.maybe(all, name)
	}
	outcome := f.outcome(p, args, f.codeText(p, args))
	var from value
	values, _ := p.valuesOf("values", args)
	for _, v := range values {
		from = append(from, v.text)
	}
	prints := p.lists["prints"]
	is := func(kind string) bool {
		return slices.Contains(prints, kind) || slices.Contains(prints, "all") && kind != "env"
	}
	switch {
	case outcome == "number", outcome == "silent", f.onlyDigits(name, args):
	case len(prints) == 0 || slices.Contains(prints, "unknown"):
		if f.carries(all) {
			return f.maybe(all, name)
		}
	default:
		if is("args") || outcome == "args" {
			from = append(from, f.valuesOf(list)...)
		}
		if is("stdin") {
			read := f.readBy(list, st)
			if identical(name) && len(from) == 0 {
				return read
			}
			from = append(from, read...)
		}
		if slices.Contains(prints, "env") || outcome == "env" {
			from = append(from, f.variablesOf(st, name)...)
		}
	}
	if f.carries(from) {
		return f.join(out, f.part(from, "the output of "+name))
	}
	return f.either(out, f.unknown())
}

// identical lists programs that print what they read as it is.
func identical(name string) bool { return name == "cat" || name == "tee" }

// readBy is what a program reads: what the files of process substitutions hold, and its standard input.
func (f *follower) readBy(list []word, st *state) value {
	var out value
	for _, w := range list {
		if held := f.heldBy(value{w.text}, st); held != nil {
			out = append(out, held...)
		}
	}
	return append(out, st.stdin...)
}

// onlyDigits recognises filters that let only digits through.
func (f *follower) onlyDigits(name string, args []arg) bool {
	var flags, operand string
	for _, a := range args {
		if strings.HasPrefix(a.text, "-") {
			flags += a.text
		} else if operand == "" {
			operand = a.text
		}
	}
	switch name {
	case "tr":
		return strings.Contains(flags, "d") && strings.ContainsAny(flags, "cC") &&
			slices.Contains([]string{"0-9", "[:digit:]", `0-9\n`, `[:digit:]\n`, `0-9\012`}, operand)
	case "grep", "egrep", "fgrep", "rg":
		return strings.Contains(flags, "o") && !strings.ContainsAny(flags, "H") &&
			slices.Contains([]string{"[0-9]+", "[0-9]*", `[0-9]\+`, "[[:digit:]]+", `[[:digit:]]\+`, `\d+`, "[0-9][0-9]*"}, operand)
	}
	return false
}
