package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// Hints that are right for every command.
const (
	safeForm     = "pass it as an argument: " + argumentForm
	argumentForm = `sh -c '... "$1" ...' sh {}`

	wholeCode = "write the code, with the item as "
	commands  = "if the items are commands, use fanout --commands, without a COMMAND; else "
)

// codeOf follows words that are joined into shell code, which runs in this shell. Items in it are refused, except those
// that are quoted for it and stand outside of its quotes.
func (f *follower) codeOf(what string, args []arg, quotable bool, st *state) {
	f.codeIn(what, args, quotable, func(list []*syntax.Stmt) { f.inside(codeOf+what, list, st) })
}

// codeIn decides whether items in code are safe. If they are, run follows the code.
func (f *follower) codeIn(what string, args []arg, quotable bool, run func([]*syntax.Stmt)) {
	ids := idsIn(args)
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = a.text
	}
	code := strings.Join(texts, " ")
	if len(ids) == 0 {
		if file, err := f.parse(code); err == nil {
			run(file.Stmts)
		}
		return
	}
	if quotable && !slices.ContainsFunc(ids, func(id int) bool { return !f.marks[id].quoted }) {
		if file, err := f.parse(code); err == nil && f.asWords(file, code) {
			run(file.Stmts)
			return
		}
	}
	bad := ids[0]
	for _, id := range ids {
		if !f.marks[id].quoted {
			bad = id
			break
		}
	}
	f.findMark(bad, what+" would run the item as code", f.codeHint(what, code, bad, quotable))
}

// codeHint says what to write instead of an item in code.
func (f *follower) codeHint(what, code string, id int, quotable bool) string {
	whole, argument := strings.TrimSpace(code) == f.names.Token(id), what == "eval" || strings.HasSuffix(what, " -c")
	quotable = quotable && f.nested == ""
	switch {
	case id >= f.tokens && quotable && what != "eval":
		return `quote it for that shell: ${x@Q}, and no more quotes around it`
	case id >= f.tokens:
		return safeForm
	case f.marks[id].quoted:
		return "put no quotes around {:q}, and no backslash before it"
	case whole && quotable && !argument:
		return wholeCode + "{:q}: " + f.example(what)
	case whole:
		return commands + wholeCode + "an argument: " + argumentForm
	case quotable && strings.HasSuffix(what, " -c"):
		return safeForm + "; or " + f.quotedForm(what)
	case quotable:
		return f.quotedForm(what)
	}
	return safeForm
}

// quotedForm is the hint for a command that takes shell code as text.
func (f *follower) quotedForm(what string) string {
	return "write {:q}, which makes the item one word of that code: " + f.example(what) + "; put no more quotes around it"
}

// example shows {:q} in the code of a command.
func (f *follower) example(what string) string {
	if p, ok := f.facts(what); ok && p.has("code", "remote") {
		what += " HOST"
	}
	return what + ` "wc {:q}"`
}

// Names of code within code begin so.
const (
	codeOf  = "the code of "
	inputOf = "the input of "
)

// deepestCode is how deep code within code is followed.
const deepestCode = 12

// inside follows statements that are code within the script.
func (f *follower) inside(nested string, list []*syntax.Stmt, st *state) {
	if f.depth++; f.depth >= deepestCode {
		f.budget = 0 // it is refused
	} else {
		before, shell := f.nested, f.shellIs
		f.nested = nested
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(nested, codeOf), inputOf), " ")
		if p, ok := f.facts(name); ok && p.shell() != noShell {
			f.shellIs = name
		}
		f.statements(list, st)
		f.nested, f.shellIs = before, shell
	}
	f.depth--
}

// sinkCode is the end of a value that is run as code of the same shell.
func (f *follower) sinkCode(v value, what string) {
	for _, id := range f.idsOf(v) {
		f.findMark(id, what+" would run the item as code", safeForm)
	}
}

// expansions follows what is expanded in a text.
func (f *follower) expansions(s string, st *state) {
	if file, err := f.parse(`: "` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err == nil {
		f.statements(file.Stmts, st.copy())
	}
	if file, err := f.parse(": " + s); err == nil {
		f.statements(file.Stmts, st.copy())
	}
}

// sinkName is the end of a value that names a variable, where bash evaluates subscripts.
func (f *follower) sinkName(v value, what string) {
	for _, id := range f.idsOf(v) {
		f.findMark(id, "the item cannot name a variable, as it does for "+what, "write the name in the script")
	}
}

// inputCode follows a shell that reads code from its standard input.
func (f *follower) inputCode(name string, st *state, params ...word) {
	p, _ := f.facts(name)
	quotable := p != nil && (p.shell() == posixShell || p.has("code", "remote"))
	for _, s := range st.stdin {
		ids := f.ids(s)
		if len(ids) == 0 && strings.Trim(strings.ReplaceAll(s, f.clean(), ""), " \n") == "" {
			continue
		}
		file, err := f.parse(s)
		quoted := quotable && !slices.ContainsFunc(ids, func(id int) bool { return !f.marks[id].quoted })
		switch {
		case len(ids) > 0 && (err != nil || !quoted || !f.asWords(file, s)):
			f.findMark(ids[0], name+" would run the item as code, from its stdin", safeForm)
		case err == nil:
			side := f.newShell(st, f.stepped(params))
			side.stdin, side.out, side.reads = f.unknown(), text(""), name
			f.inside(inputOf+name, file.Stmts, side)
			f.print(side.out, st)
		}
	}
}

// newShell is the state in which another shell begins: it has the exported variables, and parameters of its own.
func (f *follower) newShell(st *state, params []word) *state {
	side := st.copy()
	side.vars = map[string]variable{}
	for name, v := range st.vars {
		if v.exported {
			side.vars[name] = v
		}
	}
	side.params, side.zero, side.reads = params, f.unknown(), ""
	side.frame = &frame{depth: st.frame.depth}
	side.aliases = map[string]value{}
	side.funcs = map[string]functions{}
	for name, fn := range st.funcs { // those that are exported, or printed by declare -f
		side.funcs[name] = functions{bodies: fn.bodies, maybe: true}
	}
	return side
}

// asWords reports whether all marks in code stand where one quoted word is one word: not within other quotes, and not in
// arithmetic, patterns or names.
func (f *follower) asWords(file *syntax.File, code string) bool {
	n := 0
	count := func(w *syntax.Word, several bool) {
		if w == nil {
			return
		}
		for _, p := range w.Parts {
			lit, ok := p.(*syntax.Lit)
			if !ok {
				continue
			}
			before := ""
			f.names.Split(lit.Value, func(text string) { before = text }, func(_ byte, id int) {
				if f.marks[id].data() && (!f.marks[id].several || several) && !words.OddRun(before, '\\') {
					n++
				}
				before = ""
			})
		}
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.CmdSubst:
			return !node.Backquotes // in which quotes do not hold
		case *syntax.CallExpr:
			for i, w := range node.Args {
				count(w, i > 0)
			}
		case *syntax.Assign:
			if node.Name != nil {
				count(node.Value, false)
			}
		case *syntax.ArrayElem:
			count(node.Value, true)
		case *syntax.WordIter:
			for _, w := range node.Items {
				count(w, true)
			}
		case *syntax.CaseClause:
			count(node.Word, false)
		case *syntax.Redirect:
			switch node.Op {
			case syntax.RdrOut, syntax.AppOut, syntax.RdrIn, syntax.RdrInOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll, syntax.WordHdoc:
				count(node.Word, false)
			}
		case *syntax.BinaryTest:
			switch node.Op {
			case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
				return false
			}
			for _, x := range []syntax.TestExpr{node.X, node.Y} {
				if w, ok := x.(*syntax.Word); ok {
					count(w, false)
				}
			}
		case *syntax.UnaryTest:
			if w, ok := node.X.(*syntax.Word); ok && node.Op != syntax.TsVarSet && node.Op != syntax.TsRefVar {
				count(w, false)
			}
		}
		return true
	})
	return n == len(f.ids(code))
}
