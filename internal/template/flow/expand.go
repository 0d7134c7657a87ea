package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// mostAlternatives is the number of ways in which the words of a command are told apart.
const mostAlternatives = 16

// expand lists the words that a command may get, in each of several ways.
func (f *follower) expand(list []*syntax.Word, st *state) [][]word {
	out := [][]word{nil}
	for _, w := range list {
		for _, w := range braced(w) {
			ways := f.fields(w, st)
			if len(out)*len(ways) > mostAlternatives {
				ways = [][]word{{f.anyOf(ways...)}}
			}
			if len(out) == 1 && len(ways) == 1 {
				out[0] = append(out[0], ways[0]...)
				continue
			}
			f.spend(len(out) * len(ways) * len(out[0]) / 8)
			next := make([][]word, 0, len(out)*len(ways))
			for _, head := range out {
				for _, tail := range ways {
					next = append(next, slices.Concat(head, tail))
				}
			}
			out = next
		}
	}
	return out
}

// fields lists the words that a word becomes.
func (f *follower) fields(w *syntax.Word, st *state) [][]word {
	if len(w.Parts) == 1 {
		if lists := f.listOf(w.Parts[0], st); lists != nil {
			if _, quoted := w.Parts[0].(*syntax.DblQuoted); !quoted {
				return f.splitLists(lists)
			}
			return lists
		}
	}
	v, split := f.partsOf(w.Parts, st)
	if !split {
		out := make([][]word, 0, len(v))
		for _, s := range v {
			repeated := slices.ContainsFunc(f.names.Tokens(s), func(id int) bool { return f.marks[id].several && !f.marks[id].quoted })
			out = append(out, []word{{text: s, open: repeated}})
		}
		return out
	}
	var out [][]word
	for _, s := range v {
		list := f.split(s)
		if !slices.ContainsFunc(out, func(l []word) bool { return slices.Equal(l, list) }) {
			out = append(out, list)
		}
	}
	return out
}

// split cuts a text at its blanks, as the shell does with an expansion without quotes.
func (f *follower) split(s string) []word {
	var out []word
	if f.separators != "" {
		s = f.bare(value{s})[0]
	}
	for field := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(" \t\n"+f.separators, r) }) {
		w := word{text: field, split: len(f.ids(field)) > 0}
		w.open = slices.ContainsFunc(f.names.Tokens(field), func(id int) bool { return !f.marks[id].quoted })
		out = append(out, w)
	}
	return out
}

// single is the value of a word that stays one word.
func (f *follower) single(w *syntax.Word, st *state) value {
	if w == nil {
		return text("")
	}
	v, _ := f.partsOf(w.Parts, st)
	return v
}

// partsOf is the value of the parts of a word. split reports whether the shell splits it at blanks.
func (f *follower) partsOf(parts []syntax.WordPart, st *state) (v value, split bool) {
	v = text("")
	for i, p := range parts {
		if lit, ok := p.(*syntax.Lit); ok && i == 0 && strings.HasPrefix(lit.Value, "~") {
			v = f.tilde(lit.Value, st)
			continue
		}
		switch p.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst:
			split = true
		}
		v = f.join(v, f.partOf(p, st, false))
	}
	return v, split
}

// tilde is the value of a text that begins with ~.
func (f *follower) tilde(s string, st *state) value {
	name, n := "HOME", 1
	switch {
	case strings.HasPrefix(s, "~+"):
		name, n = "PWD", 2
	case strings.HasPrefix(s, "~-"):
		name, n = "OLDPWD", 2
	}
	if len(s) > n && s[n] != '/' {
		return f.written(Unescape(s, ""))
	}
	return f.join(f.lookup(name, st), f.written(Unescape(s[n:], "")))
}

// quotedParts is the value of the parts in double quotes, or of a here-document.
func (f *follower) quotedParts(parts []syntax.WordPart, st *state) value {
	v := text("")
	for _, p := range parts {
		v = f.join(v, f.partOf(p, st, true))
	}
	return v
}

func (f *follower) partOf(p syntax.WordPart, st *state, quoted bool) value {
	switch p := p.(type) {
	case *syntax.Lit:
		only := ""
		if quoted {
			only = "$`\"\\\n"
		}
		return f.written(Unescape(p.Value, only))
	case *syntax.SglQuoted:
		if p.Dollar {
			return f.written(decoded(p.Value))
		}
		return f.written(p.Value)
	case *syntax.DblQuoted:
		return f.quotedParts(p.Parts, st)
	case *syntax.ParamExp:
		return f.parameter(p, st)
	case *syntax.CmdSubst:
		return f.substitution(p.Stmts, st)
	case *syntax.ArithmExp:
		f.arithmetic(p.X, st)
		return f.unknown()
	case *syntax.ProcSubst:
		if p.Op == syntax.CmdOut {
			return value{f.intern(mark{file: text("")}) + f.sinkMark(p)}
		}
		side := f.apart(st)
		f.statements(p.Stmts, side)
		return value{f.intern(mark{file: f.through(f.result(side), "<(...)")})}
	case *syntax.ExtGlob:
		if p.Pattern != nil && strings.ContainsAny(p.Pattern.Value, "$`") {
			f.expansions(strings.ReplaceAll(p.Pattern.Value, "|", " "), st)
		}
		return f.unknown()
	}
	return text("")
}

// sinkMark keeps the command to which the file name >(…) leads.
func (f *follower) sinkMark(p *syntax.ProcSubst) string {
	name := f.names.Token(len(f.marks))
	f.marks = append(f.marks, mark{key: name})
	f.sinks[len(f.marks)-1] = f.processSink(p)
	return name
}

// substitution is what $(…) is replaced by.
func (f *follower) substitution(list []*syntax.Stmt, st *state) value {
	if len(list) == 1 && list[0].Cmd == nil && len(list[0].Redirs) == 1 { // $(<file)
		if r := f.redirections(list[0], st); r.in != nil {
			return f.trimmed(r.in)
		}
	}
	side := f.apart(st)
	f.statements(list, side)
	return f.trimmed(f.result(side))
}

// heldBy is what a file of that name holds: for a process substitution, and for a descriptor. It is nil for others.
func (f *follower) heldBy(v value, st *state) value {
	var out value
	for _, s := range v {
		for _, id := range f.names.Tokens(s) {
			if f.marks[id].file != nil {
				out = f.either(out, f.marks[id].file)
			}
		}
		fd, isDescriptor := deviceOf(s)
		switch {
		case !isDescriptor:
		case fd == "0":
			out = f.either(out, st.stdin)
		case len(f.names.Tokens(fd)) > 0:
			out = f.either(out, f.anyFile(st))
		default:
			if held, ok := st.files[fd]; ok {
				out = f.either(out, held)
			}
		}
	}
	return out
}
