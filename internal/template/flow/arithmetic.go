package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// arithmetic follows an expression that bash calculates. bash evaluates the text of each variable in it as an expression
// too, and runs $(…) in a subscript there.
func (f *follower) arithmetic(x syntax.ArithmExpr, st *state) {
	switch x := x.(type) {
	case *syntax.BinaryArithm:
		if isAssignment(x.Op) {
			f.arithmetic(x.Y, st)
			f.operand(x.X, st, x.Op != syntax.Assgn)
			if w, ok := x.X.(*syntax.Word); ok && w.Lit() != "" {
				f.assign(w.Lit(), f.unknown(), st)
			}
			return
		}
		f.arithmetic(x.X, st)
		f.arithmetic(x.Y, st)
	case *syntax.UnaryArithm:
		f.arithmetic(x.X, st)
	case *syntax.ParenArithm:
		f.arithmetic(x.X, st)
	case *syntax.FlagsArithm:
		f.arithmetic(x.X, st)
	case *syntax.Word:
		f.operand(x, st, true)
	}
}

func isAssignment(op syntax.BinAritOperator) bool {
	return slices.Contains([]syntax.BinAritOperator{
		syntax.Assgn, syntax.AddAssgn, syntax.SubAssgn, syntax.MulAssgn, syntax.QuoAssgn, syntax.RemAssgn, syntax.AndAssgn,
		syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn,
	}, op)
}

// operand follows one operand. It is read unless it is only assigned to.
func (f *follower) operand(x syntax.ArithmExpr, st *state, read bool) {
	w, ok := x.(*syntax.Word)
	if !ok {
		f.arithmetic(x, st)
		return
	}
	if len(w.Parts) > 1 { // together they may name a variable
		if v := f.quotedParts(w.Parts, st); !f.carries(v) {
			f.sinkArithmetic(v, st, 1)
			return
		}
	}
	for _, p := range w.Parts {
		f.arithmeticPart(p, st, read)
	}
}

func (f *follower) arithmeticPart(p syntax.WordPart, st *state, read bool) {
	switch p := p.(type) {
	case *syntax.Lit:
		f.arithmeticText(p.Value, st, read, 0)
	case *syntax.SglQuoted:
		f.arithmeticText(p.Value, st, read, 0)
	case *syntax.DblQuoted:
		for _, q := range p.Parts {
			f.arithmeticPart(q, st, read)
		}
	case *syntax.ParamExp:
		if p.Short && p.Index != nil { // a[i] in an expression
			f.arithmetic(p.Index, st)
		}
		for _, s := range f.parameter(p, st) {
			f.sinkArithmetic(value{s}, st, 1)
		}
	default:
		f.sinkArithmetic(f.partOf(p, st, true), st, 1)
	}
}

// deepestArithmetic is how many variables that name variables are followed.
const deepestArithmetic = 6

// arithmeticText follows the names in the text of an expression. The items that stand in it directly are for the caller.
func (f *follower) arithmeticText(s string, st *state, read bool, depth int) {
	if depth > deepestArithmetic || !read || f.spend(5) {
		return
	}
	var names []string
	for _, name := range strings.FieldsFunc(s, notInName) {
		c := name[0]
		if (c < '0' || c > '9') && f.pattern(name) != "*" && !slices.Contains(names, name) && !slices.Contains(f.calculating, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		f.calculating = append(f.calculating, name)
		f.sinkArithmetic(f.lookup(name, st), st, depth+1)
		f.calculating = f.calculating[:len(f.calculating)-1]
	}
}

func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// sinkArithmetic is the end of a value that is calculated with.
func (f *follower) sinkArithmetic(v value, st *state, depth int) {
	for _, s := range v {
		for _, id := range f.ids(s) {
			f.calculated(id)
		}
		f.arithmeticText(s, st, true, depth)
	}
}

// calculated refuses an item in arithmetic. An item that is there as it came must be an integer, which is checked for
// each job.
func (f *follower) calculated(id int) {
	if id < f.tokens && f.nested == "" {
		f.integer(id)
		return
	}
	for _, o := range f.marks[id].origins {
		switch {
		case o.by != "":
			f.findPrinted(o, "arithmetic would run code in it", "keep only the digits: ... | tr -dc 0-9")
		case o.named && o.cut:
			f.find(o, true, "arithmetic would run code in the item, should it get into the number", "keep only the digits: ... | tr -dc 0-9")
		case o.changed || f.marks[id].quoted || f.nested != "":
			f.find(o, false, "arithmetic would run code in the item", "keep only the digits: ${x//[!0-9]} or ... | tr -dc 0-9")
		default:
			f.integer(o.token)
		}
	}
}

// test follows [[ … ]].
func (f *follower) test(x syntax.TestExpr, st *state) {
	switch x := x.(type) {
	case *syntax.BinaryTest:
		switch x.Op {
		case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
			for _, side := range []syntax.TestExpr{x.X, x.Y} {
				if w, ok := side.(*syntax.Word); ok {
					f.arithmetic(w, st)
				}
			}
			return
		case syntax.TsReMatch:
			left, _ := x.X.(*syntax.Word)
			right, _ := x.Y.(*syntax.Word)
			if left == nil || right == nil {
				f.test(x.X, st)
				f.test(x.Y, st)
				return
			}
			v, list := f.single(left, st), []word{{text: f.clean(), open: true}}
			if regex := f.single(right, st); f.carries(v) {
				list = f.groups(v, regex)
			}
			f.setVariable("BASH_REMATCH", variable{lists: [][]word{list}}, st)
			return
		}
		f.test(x.X, st)
		f.test(x.Y, st)
	case *syntax.UnaryTest:
		if w, ok := x.X.(*syntax.Word); ok && (x.Op == syntax.TsVarSet || x.Op == syntax.TsRefVar) {
			f.sinkName(f.single(w, st), "[[ "+x.Op.String()+" ]]")
			f.subscript(w, st)
			return
		}
		f.test(x.X, st)
	case *syntax.ParenTest:
		f.test(x.X, st)
	case *syntax.Word:
		f.single(x, st)
	}
}

// subscript follows the subscript in a word that names an element: a[i].
func (f *follower) subscript(w *syntax.Word, st *state) {
	if lit := w.Lit(); strings.ContainsRune(lit, '[') {
		f.arithmeticText(lit[strings.IndexByte(lit, '[')+1:], st, true, 0)
	}
}
