package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

const (
	nameOfVariable    = "the item cannot name a variable"
	nameHint          = "write the name in the script"
	batchInArithmetic = "a batch cannot stand in arithmetic"
	oneItem           = "use a batch of one, or {1} for its first item"
)

// surroundings are the quotes around the walk's place in a word.
type surroundings struct {
	double bool // in double quotes or a here-document
	param  bool // in ${x…} there: single quotes are text, double quotes toggle
}

// word visits a word whose value is one string.
func (w *walker) word(word *syntax.Word) { w.parts(word.Parts, surroundings{}) }

func (w *walker) parts(parts []syntax.WordPart, at surroundings) {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			q := bare
			if at.double {
				q = inDouble
			}
			w.escaped(p.Value)
			w.setQuoting(w.standIns.Tokens(p.Value), q, at)
		case *syntax.SglQuoted:
			w.singleQuoted(p, at)
		case *syntax.DblQuoted:
			if at.double {
				w.refuseAll(p, "quotes inside a quoted ${…} are not safe here", "remove the inner quotes")
				continue
			}
			w.parts(p.Parts, surroundings{double: true})
		case *syntax.ParamExp:
			w.param(p, at)
		case *syntax.CmdSubst:
			w.substitution(p)
		case *syntax.ProcSubst:
			w.stmts(p.Stmts)
		case *syntax.ArithmExp:
			w.arithm(p.X)
		case *syntax.ExtGlob:
			w.refuseAll(p, "the item cannot stand in an extended glob", "compare with [[ … == … ]] or case instead")
		}
	}
}

// substitution visits $(…) and backquotes.
func (w *walker) substitution(p *syntax.CmdSubst) {
	let, more := w.inLet, 0
	if p.Backquotes {
		more = 1
	}
	w.inLet, w.backquotes = false, w.backquotes+more
	w.stmts(p.Stmts)
	w.inLet, w.backquotes = let, w.backquotes-more
}

func (w *walker) singleQuoted(p *syntax.SglQuoted, at surroundings) {
	switch {
	case at.double:
		w.refuseAll(p, "quotes inside a quoted ${…} are not safe here", "remove the inner quotes")
	case p.Dollar:
		w.setQuoting(w.standIns.Tokens(p.Value), inANSI, at)
	default:
		w.setQuoting(w.standIns.Tokens(p.Value), inSingle, at)
	}
}

// escaped refuses a token behind a backslash that backquotes left over.
func (w *walker) escaped(text string) {
	before := ""
	w.standIns.Split(text, func(lit string) { before = lit }, func(_ byte, id int) {
		if words.OddRun(before, '\\') {
			w.refuse(id, "a backslash escapes the item here", "write $(...) instead of backquotes")
		}
	})
}

// setQuoting records how tokens are spliced.
func (w *walker) setQuoting(ids []int, q quoting, at surroundings) {
	for _, id := range ids {
		o := w.occs[id]
		if o.quoting != unseen {
			w.refuse(id, "bash reads this place twice", "assign the item to a variable first: x={}")
		}
		if o.Literal != "" && at.param {
			w.refuseAny(id, "literal braces cannot stand inside ${…}", "put them in a variable first")
		}
		o.quoting = q
	}
}

// param visits ${x…}.
func (w *walker) param(p *syntax.ParamExp, at surroundings) {
	if p.Param != nil {
		w.refuseAll(p.Param, nameOfVariable, nameHint)
	}
	if p.Flags != nil || p.NestedParam != nil || len(p.Modifiers) > 0 {
		return
	}
	if p.Index != nil {
		w.subscript(p.Param.Value, p.Index, surroundings{})
	}
	if p.Slice != nil {
		for _, x := range []syntax.ArithmExpr{p.Slice.Offset, p.Slice.Length} {
			if x != nil {
				w.arithm(x)
			}
		}
	}
	// Patterns and replacements have their own quotes, also inside double ones;
	// a default value is quoted by what surrounds it.
	if p.Repl != nil {
		w.pattern(p.Repl.Orig)
		w.pattern(p.Repl.With)
	}
	if p.Exp == nil || p.Exp.Word == nil {
		return
	}
	switch p.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull,
		syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		w.parts(p.Exp.Word.Parts, surroundings{double: at.double, param: true})
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		w.parts(p.Exp.Word.Parts, surroundings{double: at.double, param: true})
	case syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix,
		syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll:
		w.pattern(p.Exp.Word)
	}
}

// pattern visits a pattern, which has quotes of its own.
func (w *walker) pattern(word *syntax.Word) {
	if word != nil {
		w.parts(word.Parts, surroundings{param: true})
	}
}

// subscript visits the subscript of an array, which is arithmetic, or text if the array is associative.
func (w *walker) subscript(name string, x syntax.ArithmExpr, at surroundings) {
	word, ok := x.(*syntax.Word)
	switch {
	case !w.analysis.keyed[name] && !w.analysis.keyed[""]:
		w.arithm(x)
	case ok && w.analysis.keyed[name]:
		w.parts(word.Parts, at)
	default:
		w.refuseAll(x, "the item cannot be a subscript here, where it may be text or arithmetic", "declare the array with declare -A in the script")
	}
}

// arithm visits arithmetic. A token must be an operand by itself: together with the text beside it, it could
// name a variable.
func (w *walker) arithm(x syntax.ArithmExpr) {
	switch x := x.(type) {
	case *syntax.BinaryArithm:
		switch x.Op {
		case syntax.Assgn, syntax.AddAssgn, syntax.SubAssgn, syntax.MulAssgn, syntax.QuoAssgn, syntax.RemAssgn,
			syntax.AndAssgn, syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn:
			w.refuseAll(x.X, nameOfVariable, nameHint)
		default:
			w.arithm(x.X)
		}
		w.arithm(x.Y)
	case *syntax.UnaryArithm:
		if x.Op == syntax.Inc || x.Op == syntax.Dec {
			w.refuseAll(x, nameOfVariable, nameHint)
			return
		}
		w.arithm(x.X)
	case *syntax.ParenArithm:
		w.arithm(x.X)
	case *syntax.Word:
		w.operand(x.Parts)
	}
}

// operand visits an operand of arithmetic.
func (w *walker) operand(parts []syntax.WordPart) {
	if len(parts) == 1 {
		switch p := parts[0].(type) {
		case *syntax.DblQuoted:
			w.operand(p.Parts)
			return
		case *syntax.Lit:
			ids := w.standIns.Tokens(p.Value)
			radix, num := "", p.Value
			if i := strings.IndexByte(num, '#'); i > 0 {
				radix, num = num[:i], num[i+1:]
			}
			if len(ids) == 1 && num == w.standIns.Token(ids[0]) && strings.Trim(radix, "0123456789") == "" {
				w.setQuoting(ids, inArithmetic, surroundings{})
				w.occs[ids[0]].spaced = !w.inLet
				w.requireInteger(ids)
				return
			}
		}
	}
	for _, p := range parts {
		if w.onlyCounters(p) {
			w.parts([]syntax.WordPart{p}, surroundings{})
			continue
		}
		switch p := p.(type) {
		case *syntax.ParamExp:
			w.param(p, surroundings{double: true})
		case *syntax.CmdSubst:
			w.substitution(p)
		case *syntax.ArithmExp:
			w.arithm(p.X)
		default:
			w.refuseAll(p, "in arithmetic the item must be a number by itself", "write spaces or operators around it")
		}
	}
}

// onlyCounters reports whether all tokens below a node are numbers of fanout's own, which are safe anywhere.
func (w *walker) onlyCounters(node syntax.Node) bool {
	ids := w.standIns.Under(node)
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id int) bool { return w.occs[id].Data() || w.occs[id].Literal != "" })
}

// requireInteger makes fanout check before each job that the items are integers.
func (w *walker) requireInteger(ids []int) {
	for _, id := range ids {
		o := w.occs[id]
		o.integer = o.Data()
		if o.Literal != "" {
			w.refuseAny(id, "literal braces cannot stand in arithmetic", "")
		}
		if o.Data() && o.Ref.PerItem() && w.batched {
			w.refuse(id, batchInArithmetic, oneItem)
		}
	}
}

func (w *walker) test(x syntax.TestExpr) {
	switch x := x.(type) {
	case *syntax.BinaryTest:
		if isArithmetic(x.Op) {
			w.testOperand(x.X)
			w.testOperand(x.Y)
			return
		}
		w.test(x.X)
		w.test(x.Y)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsVarSet || x.Op == syntax.TsRefVar {
			w.refuseAll(x, nameOfVariable, nameHint)
			return
		}
		w.test(x.X)
	case *syntax.ParenTest:
		w.test(x.X)
	case *syntax.Word:
		w.word(x)
	}
}

func (w *walker) testOperand(x syntax.TestExpr) {
	if word, ok := x.(*syntax.Word); ok {
		w.operand(word.Parts)
	}
}

func isArithmetic(op syntax.BinTestOperator) bool {
	switch op {
	case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
		return true
	}
	return false
}
