package flow

import (
	"slices"
	"strconv"
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

// mostBraced is the number of words that braces are followed into.
const mostBraced = 64

// braced expands the braces of a word: eval of {eval,x} is a word by itself.
func braced(w *syntax.Word) []*syntax.Word {
	c := &syntax.Word{Parts: slices.Clone(w.Parts)}
	if !syntax.SplitBraces(c) {
		return []*syntax.Word{w}
	}
	out := alternatives(c.Parts)
	if len(out) > mostBraced {
		out = out[:mostBraced]
	}
	return out
}

func alternatives(parts []syntax.WordPart) []*syntax.Word {
	for i, p := range parts {
		b, ok := p.(*syntax.BraceExp)
		if !ok {
			continue
		}
		var out []*syntax.Word
		for _, e := range b.Elems {
			for _, head := range alternatives(e.Parts) {
				out = append(out, alternatives(slices.Concat(parts[:i:i], head.Parts, parts[i+1:]))...)
			}
			if len(out) > mostBraced {
				break
			}
		}
		return out
	}
	return []*syntax.Word{{Parts: parts}}
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
	for field := range strings.FieldsSeq(s) {
		w := word{text: field, split: len(f.ids(field)) > 0}
		w.open = slices.ContainsFunc(f.names.Tokens(field), func(id int) bool { return !f.marks[id].quoted })
		out = append(out, w)
	}
	return out
}

// splitLists cuts the words of $@ without quotes at their blanks.
func (f *follower) splitLists(lists [][]word) [][]word {
	out := make([][]word, len(lists))
	for i, list := range lists {
		out[i] = []word{}
		for _, w := range list {
			if w.open {
				w.split = w.split || len(f.ids(w.text)) > 0
				out[i] = append(out[i], w)
			} else {
				out[i] = append(out[i], f.split(w.text)...)
			}
		}
	}
	return out
}

// listOf returns the lists that "$@" or "${a[@]}" may be; nil for another part.
func (f *follower) listOf(p syntax.WordPart, st *state) [][]word {
	d, quoted := p.(*syntax.DblQuoted)
	if quoted && len(d.Parts) == 1 {
		p = d.Parts[0]
	}
	e, ok := p.(*syntax.ParamExp)
	if !ok || e.Param == nil || e.Excl || e.Length || e.Exp != nil || e.Repl != nil {
		return nil
	}
	var lists [][]word
	switch {
	case e.Param.Value == "@" || e.Param.Value == "*" && !quoted:
		lists = [][]word{st.params}
	case e.Index != nil && isAll(e.Index) && (!quoted || e.Index.(*syntax.Word).Lit() == "@"):
		v := st.vars[f.target(e.Param.Value, st)]
		if v.lists == nil {
			return nil
		}
		lists = v.lists
	default:
		return nil
	}
	if e.Slice == nil {
		return lists
	}
	f.sliceNumbers(e.Slice, st)
	out := make([][]word, len(lists))
	for i, list := range lists {
		out[i] = f.slice(list, e.Slice, e.Param.Value == "@" || e.Param.Value == "*")
	}
	return out
}

// slice is ${a[@]:OFFSET:LENGTH}, of numbers that stand in the script. ${@:1} begins with $1.
func (f *follower) slice(list []word, s *syntax.Slice, params bool) []word {
	from, ok := number(s.Offset)
	length, bounded := number(s.Length)
	switch {
	case from < 0:
		from += len(list)
	case params:
		from--
	}
	if !ok || from < 0 || from > len(list) || s.Length != nil && (!bounded || length < 0) ||
		slices.ContainsFunc(list, func(w word) bool { return w.open }) {
		return []word{f.anyOf(list)}
	}
	if bounded {
		return list[from:min(from+length, len(list))]
	}
	return list[from:]
}

// number is the value of a number that stands in the script.
func number(x syntax.ArithmExpr) (n int, ok bool) {
	switch x := x.(type) {
	case *syntax.Word:
		n, err := strconv.Atoi(x.Lit())
		return n, err == nil
	case *syntax.UnaryArithm:
		n, ok = number(x.X)
		return -n, ok && x.Op == syntax.Minus
	}
	return 0, false
}

// isAll recognises the subscripts @ and *.
func isAll(x syntax.ArithmExpr) bool {
	w, ok := x.(*syntax.Word)
	return ok && (w.Lit() == "@" || w.Lit() == "*")
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
	for _, p := range parts {
		switch p.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst:
			split = true
		}
		v = f.join(v, f.partOf(p, st, false))
	}
	return v, split
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
		return f.written(unescape(p.Value, only))
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
		side := st.copy()
		side.out = text("")
		f.statements(p.Stmts, side)
		return value{f.intern(mark{file: f.through(side.out, "<(...)")})}
	case *syntax.ExtGlob:
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
	side := st.copy()
	side.out = text("")
	f.statements(list, side)
	return f.trimmed(side.out)
}

// trimmed removes the newlines at the end.
func (f *follower) trimmed(v value) value {
	out := make(value, 0, len(v))
	for _, s := range v {
		if s = strings.TrimRight(s, "\n"); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// written is text that stands in the script or in code. In the script itself, the items in it are parameters. In code,
// they are words that were quoted for it.
func (f *follower) written(s string) value {
	if f.nested == "" || len(f.ids(s)) == 0 {
		return text(f.withLiterals(s))
	}
	return f.unquote(text(s), f.nested)
}

// withLiterals puts literal braces in place of their stand-ins.
func (f *follower) withLiterals(s string) string {
	if !strings.Contains(s, f.names.Prefix) {
		return s
	}
	var b strings.Builder
	f.names.Split(s, func(lit string) { b.WriteString(lit) }, func(_ byte, id int) {
		switch m := f.marks[id]; {
		case m.literal != "":
			b.WriteString(m.literal)
		case !m.data() && m.file == nil && f.sinks[id] == nil:
			b.WriteString(f.clean())
		default:
			b.WriteString(f.names.Token(id))
		}
	})
	return b.String()
}

// rawText is the text of a here-document that is not expanded.
func (f *follower) rawText(w *syntax.Word) string {
	var b strings.Builder
	for _, p := range w.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			b.WriteString(lit.Value)
		}
	}
	return f.withLiterals(b.String())
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

// decoded is the text of $'…'.
func decoded(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\'`, "'", `\"`, `"`, `\\`, `\`, `\x20`, " ", `\040`, " ", `\0`, "\x00").Replace(s)
}
