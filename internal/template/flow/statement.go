package flow

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// statements follows what commands do, one after the other.
func (f *follower) statements(list []*syntax.Stmt, st *state) {
	for _, s := range list {
		f.statement(s, st)
	}
}

func (f *follower) statement(s *syntax.Stmt, st *state) {
	if s == nil || st.dead || f.spent() {
		return
	}
	if s.Background || s.Coprocess {
		side := st.copy()
		f.redirected(s, side)
		st.out = side.out
		return
	}
	f.redirected(s, st)
}

// command follows a command without its redirections.
func (f *follower) command(c syntax.Command, st *state) {
	switch c := c.(type) {
	case nil:
	case *syntax.CallExpr:
		f.call(c, st)
	case *syntax.BinaryCmd:
		f.binary(c, st)
	case *syntax.Block:
		f.statements(c.Stmts, st)
	case *syntax.Subshell:
		side := st.copy()
		side.exit = nil
		f.statements(c.Stmts, side)
		f.runExit(side)
		st.out = side.out
	case *syntax.IfClause:
		f.ifClause(c, st)
	case *syntax.WhileClause:
		f.loop(st, func(st *state) {
			f.statements(c.Cond, st)
			f.statements(c.Do, st)
		})
	case *syntax.ForClause:
		f.forClause(c, st)
	case *syntax.CaseClause:
		f.caseClause(c, st)
	case *syntax.TimeClause:
		f.statement(c.Stmt, st)
	case *syntax.TestClause:
		f.test(c.X, st)
	case *syntax.ArithmCmd:
		f.arithmetic(c.X, st)
	case *syntax.LetClause:
		for _, x := range c.Exprs {
			f.arithmetic(x, st)
		}
	case *syntax.DeclClause:
		f.declare(c, st)
	case *syntax.FuncDecl:
		if c.Name != nil {
			st.funcs[c.Name.Value] = functions{bodies: []*syntax.Stmt{c.Body}}
			f.everFuncs[c.Name.Value] = append(f.everFuncs[c.Name.Value], c.Body)
		}
	case *syntax.CoprocClause:
		name := "COPROC"
		if c.Name != nil {
			name = c.Name.Lit()
		}
		st.vars[name] = variable{lists: [][]word{{{text: f.clean()}, {text: f.clean()}}}}
		s := sink{what: "standard input of the coprocess", reply: "coproc " + name}
		s.run = func(st *state, stdin value) value {
			st.stdin, st.out = stdin, text("")
			f.statement(c.Stmt, st)
			return st.out
		}
		st.sinks["coproc "+name] = s
		side := st.copy()
		side.stdin, side.out = f.unknown(), text("")
		f.statement(c.Stmt, side)
		if !f.carries(side.out) {
			break
		}
		st.files["coproc "+name] = side.out
	}
}

func (f *follower) binary(c *syntax.BinaryCmd, st *state) {
	switch c.Op {
	case syntax.Pipe, syntax.PipeAll:
		left := f.apart(st)
		if c.Op == syntax.PipeAll {
			left.sinks["2"] = f.captured(left)
		}
		f.statement(c.X, left)
		right := st.copy()
		right.exit = nil
		right.stdin = f.through(f.result(left), "a pipe")
		f.statement(c.Y, right)
		if st.out = right.out; st.last {
			right.stdin = st.stdin
			*st = *right
		}
	default:
		f.statement(c.X, st)
		if st.dead {
			return
		}
		skipped := st.copy()
		if c.Op == syntax.AndStmt {
			f.checked(c.X, st)
		} else {
			f.checked(c.X, skipped)
		}
		f.statement(c.Y, st)
		f.merge(st, skipped)
	}
}

func (f *follower) ifClause(c *syntax.IfClause, st *state) {
	f.statements(c.Cond, st)
	other := st.copy()
	if len(c.Cond) == 1 {
		f.checked(c.Cond[0], st)
	}
	f.statements(c.Then, st)
	if c.Else != nil {
		f.ifClause(c.Else, other)
	}
	f.merge(st, other)
}

func (f *follower) caseClause(c *syntax.CaseClause, st *state) {
	f.single(c.Word, st)
	before := st.copy()
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			f.single(p, before)
		}
		branch := before.copy()
		f.statements(item.Stmts, branch)
		if f.refusesOthers(item) {
			f.isNumber(c.Word, before)
			f.isNumber(c.Word, st)
		}
		f.merge(before, branch) // a later branch may follow by ;& and ;;&
		f.merge(st, branch)
	}
}

func (f *follower) forClause(c *syntax.ForClause, st *state) {
	switch l := c.Loop.(type) {
	case *syntax.WordIter:
		list, one := []word{}, true
		if l.InPos.IsValid() {
			ways := f.expand(l.Items, st)
			one = len(ways) == 1
			for _, alternative := range ways {
				list = append(list, alternative...)
			}
		} else {
			list = slices.Clone(st.params)
		}
		var each []value
		for _, w := range list {
			if !one || w.open || w.split || len(list) > mostBraced {
				each = []value{f.anyTexts(list)}
				break
			}
			each = append(each, value{w.text})
		}
		name := l.Name.Value
		if len(each) == 1 && len(list) > 0 && slices.ContainsFunc(list, func(w word) bool { return w.split }) {
			each[0] = f.bare(each[0])
		}
		f.loop(st, func(st *state) {
			for _, v := range each {
				if old := st.vars[name]; old.ref {
					st.vars[name] = variable{val: v, ref: true}
				} else {
					f.assign(name, v, st)
				}
				if c.Select {
					f.assign("REPLY", f.part(st.stdin, "$REPLY"), st)
				}
				if f.statements(c.Do, st); st.dead || f.spent() {
					break
				}
			}
		})
	case *syntax.CStyleLoop:
		f.optional(l.Init, st)
		f.loop(st, func(st *state) {
			f.optional(l.Cond, st)
			f.statements(c.Do, st)
			f.optional(l.Post, st)
		})
	}
}

func (f *follower) optional(x syntax.ArithmExpr, st *state) {
	if x != nil {
		f.arithmetic(x, st)
	}
}

// mostRounds is how often a loop is followed before what it changes is blended.
const mostRounds = 3

// loop follows the body of a loop until nothing new is known behind it.
func (f *follower) loop(st *state, body func(*state)) {
	fr := st.frame
	fr.loops = append(fr.loops, nil)
	for round := 0; ; round++ {
		next := st.copy()
		body(next)
		ends := fr.loops[len(fr.loops)-1]
		fr.loops[len(fr.loops)-1] = nil
		for _, end := range ends {
			f.merge(next, end)
		}
		after := st.copy()
		f.merge(after, next)
		if round >= mostRounds {
			f.widen(st, after)
		}
		same := f.sameState(st, after)
		*st = *after
		if same || f.spent() {
			break
		}
	}
	fr.loops = fr.loops[:len(fr.loops)-1]
}
