package script

import (
	"slices"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// analysis is the knowledge about a whole script that a decision at any place of it needs: how values flow,
// and which of them bash evaluates. The parameters of functions stand among the variables, as $1, $@, and $
// for any of them.
type analysis struct {
	standIns     standIns
	occs         []*occurrence
	movesParams  bool            // the meaning of $1 can change
	shiftsParams bool            // also in a function
	arrays       bool            // some variable may be an array
	anyInteger   bool            // any variable may have the integer attribute
	asArithmetic map[string]bool // variables that are evaluated as arithmetic somewhere
	asCode       map[string]bool // variables that are run as code somewhere, or name a variable
	functions    map[string]bool // the functions of the script
	assignments  []assignment
	calls        []*syntax.CallExpr
	inputs       []input
}

// assignment says what the values of variables are made of.
type assignment struct {
	names []string
	from  []syntax.Node
}

// input says what a command reads.
type input struct {
	call *syntax.CallExpr
	from []syntax.Node
}

// paramChangers are commands that change the positional parameters, or run text that can.
var paramChangers = []string{"set", "shift", ".", "source", "eval", "trap", "builtin", "command"}

// analyse collects the knowledge about a script.
func analyse(f *syntax.File, names standIns, occs []*occurrence, batched bool) analysis {
	spread := slices.ContainsFunc(occs, func(o *occurrence) bool { return o.Ref.Spread })
	out := analysis{
		standIns: names, occs: occs, shiftsParams: batched || spread,
		asArithmetic: map[string]bool{}, functions: map[string]bool{}, asCode: map[string]bool{},
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			out.movesParams = true
			if n.Name != nil {
				out.functions[n.Name.Value] = true
			}
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				out.calls = append(out.calls, n)
				out.noteCall(n.Args)
			}
		case *syntax.Stmt:
			call, _ := n.Cmd.(*syntax.CallExpr)
			out.noteInput(n, call, redirected(n))
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				out.noteInput(n.Y, firstCall(n.Y), output(n.X, nil))
			}
		case *syntax.DeclClause:
			out.noteDeclaration(n)
		default:
			out.noteExpression(n)
		}
		return true
	})
	out.propagate()
	return out
}

// noteExpression notes assignments, and expressions that bash evaluates.
func (f *analysis) noteExpression(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ArrayExpr:
		f.arrays = true
	case *syntax.ParamExp:
		if n.Slice != nil {
			f.markArithmetic(n.Slice.Offset)
			f.markArithmetic(n.Slice.Length)
		}
		f.markArithmetic(n.Index)
		if n.Param == nil {
			return
		}
		if n.Excl && n.Names == 0 && !isKeys(n) {
			f.markCode(n)
		}
		if n.Exp == nil {
			return
		}
		switch n.Exp.Op {
		case syntax.OtherParamOps:
			if n.Exp.Word.Lit() == "P" { // ${x@P}
				f.markCode(n)
			}
		case syntax.AssignUnset, syntax.AssignUnsetOrNull:
			if n.Exp.Word != nil {
				f.assignments = append(f.assignments, assignment{[]string{n.Param.Value}, []syntax.Node{n.Exp.Word}})
			}
		}
	case *syntax.Assign:
		f.markArithmetic(n.Index)
		if n.Name == nil {
			return
		}
		if n.Value != nil {
			f.assignments = append(f.assignments, assignment{[]string{n.Name.Value}, []syntax.Node{n.Value}})
		}
		if n.Array != nil {
			for _, e := range n.Array.Elems {
				if e.Value != nil {
					f.assignments = append(f.assignments, assignment{[]string{n.Name.Value}, []syntax.Node{e.Value}})
				}
			}
		}
	case *syntax.WordIter:
		in := assignment{[]string{n.Name.Value}, nodes(n.Items)}
		if !n.InPos.IsValid() {
			in.from = append(in.from, &syntax.ParamExp{Param: &syntax.Lit{Value: "@"}})
		}
		f.assignments = append(f.assignments, in)
	case *syntax.ArrayElem:
		f.markArithmetic(n.Index)
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
		f.markArithmetic(n)
	case *syntax.BinaryTest:
		if isArithmTest(n.Op) {
			f.markArithmetic(n)
		}
	case *syntax.UnaryTest:
		if n.Op == syntax.TsVarSet {
			f.markArithmetic(n)
		}
	}
}

// propagate follows values backwards: what an evaluated variable is made of is evaluated too.
func (f *analysis) propagate() {
	for before := -1; before != len(f.asArithmetic)+len(f.asCode); {
		before = len(f.asArithmetic) + len(f.asCode)
		for _, in := range f.assignments {
			for _, from := range in.from {
				if in.assigns(f.asArithmetic) {
					f.markArithmetic(from)
				}
				if in.assigns(f.asCode) {
					f.markCode(from)
				}
			}
		}
		for _, call := range f.calls {
			for i, word := range call.Args {
				if f.passesParam(f.asArithmetic, call, i) {
					f.markArithmetic(word)
				}
				if f.passesParam(f.asCode, call, i) {
					f.markCode(word)
				}
			}
		}
	}
}

// assigns reports whether the assignment is to a variable of the set. An unknown name could be any.
func (in assignment) assigns(set map[string]bool) bool {
	return slices.ContainsFunc(in.names, func(name string) bool { return set[name] || name == "" && len(set) > 0 })
}

// passesParam reports whether an argument of a call becomes a parameter of the set.
func (f *analysis) passesParam(set map[string]bool, call *syntax.CallExpr, i int) bool {
	name := call.Args[0].Lit()
	if i == 0 || !set["$"] || name == "" && len(f.functions) == 0 || name != "" && name != "set" && !f.functions[name] {
		return false
	}
	several := slices.ContainsFunc(call.Args[:i], func(word *syntax.Word) bool {
		return slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool { _, ok := partText(p); return !ok })
	})
	return several || name == "set" || f.hasParam(set, i)
}

// hasParam reports whether $i may be in the set.
func (f *analysis) hasParam(set map[string]bool, i int) bool {
	return f.shiftsParams && set["$"] || set["$"+strconv.Itoa(i)] || set["$@"] || set["$*"]
}

// noteInput notes the input of a statement that keeps it or runs it. The call is the command that reads
// first.
func (f *analysis) noteInput(s *syntax.Stmt, call *syntax.CallExpr, from []syntax.Node) {
	if len(from) == 0 {
		return
	}
	if call != nil && len(call.Args) > 0 {
		f.inputs = append(f.inputs, input{call, from})
		if f.stdinShell(call) != "" {
			for _, n := range from {
				f.markCode(n)
			}
		}
	}
	syntax.Walk(s, func(n syntax.Node) bool {
		readers := []string{"read", "mapfile", "readarray"}
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 && slices.Contains(readers, c.Args[0].Lit()) {
			in := assignment{names: []string{"REPLY", "MAPFILE"}, from: from}
			for _, a := range c.Args[1:] {
				in.names = append(in.names, a.Lit())
			}
			f.assignments = append(f.assignments, in)
			f.arrays = true
		}
		return true
	})
}

// stdinShell returns the shell of a call that reads its code from stdin; "" if there is none.
func (f *analysis) stdinShell(call *syntax.CallExpr) string {
	args := make([]arg, len(call.Args))
	for i, word := range call.Args {
		args[i] = f.standIns.resolve(word)
	}
	return (&checker{standIns: f.standIns, occs: f.occs}).stdinShell(args)
}
