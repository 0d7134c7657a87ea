package flow

import (
	"slices"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// mostBraced is the number of words that braces are followed into.
const mostBraced = 64

// braced expands the braces of a word: eval of {eval,x} is a word by itself.
func braced(w *syntax.Word) []*syntax.Word {
	c := &syntax.Word{Parts: slices.Clone(w.Parts)}
	if !syntax.SplitBraces(c) {
		return []*syntax.Word{w}
	}
	out := alternatives(c.Parts)
	if len(out) > mostBraced { // the word as it stands has all that is in them
		out = append(out[:mostBraced], w)
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
		for _, e := range elements(b) {
			for _, head := range alternatives(e.Parts) {
				out = append(out, alternatives(slices.Concat(parts[:i:i], head.Parts, parts[i+1:]))...)
				if len(out) > mostBraced {
					return out
				}
			}
		}
		return out
	}
	return []*syntax.Word{{Parts: parts}}
}

// elements lists the words between braces. Of a sequence of numbers, {1..9}, it lists the first ones.
func elements(b *syntax.BraceExp) []*syntax.Word {
	if !b.Sequence || len(b.Elems) < 2 {
		return b.Elems
	}
	from, err := strconv.Atoi(b.Elems[0].Lit())
	to, err2 := strconv.Atoi(b.Elems[1].Lit())
	if err != nil || err2 != nil || len(b.Elems) > 2 || to < from {
		return b.Elems
	}
	var out []*syntax.Word
	for n := from; n <= to && len(out) < mostBraced; n++ {
		out = append(out, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: strconv.Itoa(n)}}})
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
	if !ok || e.Param == nil || e.Excl || e.Length {
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
	if e.Exp != nil || e.Repl != nil {
		return f.operatedLists(e, lists, st)
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

// operatedLists is "${a[@]OPERATOR}": what it does to each word, or the words behind + and -.
func (f *follower) operatedLists(e *syntax.ParamExp, lists [][]word, st *state) [][]word {
	if e.Exp != nil {
		switch e.Exp.Op {
		case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
			return append(f.fields(e.Exp.Word, st), []word{})
		case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
			return append(slices.Clone(lists), f.fields(e.Exp.Word, st)...)
		case syntax.OtherParamOps:
			return nil
		}
	}
	one := *e
	one.Index = nil
	out := make([][]word, len(lists))
	for i, list := range lists {
		for _, w := range list {
			v := f.operator(&one, value{w.text}, st)
			w.any = ""
			w.text = f.blendOrOne(v)
			out[i] = append(out[i], w)
		}
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
