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
		f.statements(c.Stmts, side)
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
			st.funcs[c.Name.Value] = c.Body
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
		left := st.copy()
		left.out = text("")
		if c.Op == syntax.PipeAll {
			f.messages++
		}
		f.statement(c.X, left)
		if c.Op == syntax.PipeAll {
			f.messages--
		}
		right := st.copy()
		right.stdin = f.through(left.out, "a pipe")
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
		f.statement(c.Y, st)
		f.merge(st, skipped)
	}
}

func (f *follower) ifClause(c *syntax.IfClause, st *state) {
	f.statements(c.Cond, st)
	other := st.copy()
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
		f.merge(before, branch) // a later branch may follow by ;& and ;;&
		f.merge(st, branch)
	}
}

func (f *follower) forClause(c *syntax.ForClause, st *state) {
	switch l := c.Loop.(type) {
	case *syntax.WordIter:
		list := []word{}
		if l.InPos.IsValid() {
			for _, alternative := range f.expand(l.Items, st) {
				list = append(list, alternative...)
			}
		} else {
			list = slices.Clone(st.params)
		}
		var v value
		for _, w := range list {
			v = f.either(v, value{w.text})
		}
		if len(v) == 0 {
			v = f.unknown()
		}
		f.loop(st, func(st *state) {
			f.assign(l.Name.Value, v, st)
			if c.Select {
				f.assign("REPLY", f.part(st.stdin, "$REPLY"), st)
			}
			f.statements(c.Do, st)
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
