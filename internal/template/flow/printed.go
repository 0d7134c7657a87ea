package flow

import (
	"slices"
	"strings"
)

// printed is what a program prints on standard output.
func (f *follower) printed(name string, p *Program, list []word, args []arg, st *state) value {
	all := f.given(list, st)
	out := text("")
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
	case f.onlyDigits(name, p, args):
		from = nil
	case outcome == "number", outcome == "silent":
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
		v := f.part(from, "the output of "+name)
		if printsNames(name) && is("args") {
			v = f.replaced(v, func(m mark) mark { return m.changed(func(o origin) origin { o.named = true; return o }) })
		}
		return f.join(out, v)
	}
	out = f.either(out, f.unknown())
	for _, s := range from { // such as $(basename PATH)
		if is("args") && s != "" && s[0] != '-' && len(f.names.Tokens(s)) == 0 {
			out = f.either(out, value{baseName(s)})
		}
	}
	for _, s := range from { // text of the script may be as it was
		if strings.ContainsAny(s, "$`") || is("stdin") && len(f.names.Tokens(s)) == 0 {
			out = f.either(out, value{s})
		}
	}
	return out
}

// printsNames reports whether a program that prints its arguments prints them as names beside other text, such as sizes.
func printsNames(name string) bool {
	return !slices.Contains([]string{"echo", "printf", "basename", "dirname", "realpath", "readlink", "mktemp", "expr", "date", "seq", "yes"}, name)
}

// identical lists programs that print what they read as it is.
func identical(name string) bool { return name == "cat" || name == "tee" }

// readBy is what a program reads: what the files of process substitutions hold, and its standard input.
func (f *follower) readBy(list []word, st *state) value {
	var out value
	for _, w := range list {
		if held := f.heldBy(value{w.text}, st); held != nil {
			if out != nil { // one behind the other: quotes of the first may hold the second
				out, held = f.bare(out), f.bare(held)
			}
			out = append(out, held...)
		}
	}
	return append(out, st.stdin...)
}
