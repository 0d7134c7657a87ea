package template

import (
	"slices"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// facts are what must be known of a whole script before any place in it.
// Parameters of functions are kept among the variables, as $1, $@, and $ for any.
type facts struct {
	names      names
	occs       []*occurrence
	moves      bool            // $1 can come to mean something else
	shifts     bool            // and in a function too
	arrays     bool            // some variable may be an array
	anyInteger bool            // any variable may have the integer attribute
	integers   map[string]bool // variables that are evaluated as arithmetic somewhere
	coded      map[string]bool // variables that are run as code, or name a variable
	functions  map[string]bool // functions of the script
	feeds      []source
	calls      []*syntax.CallExpr
	stdins     []stdin
}

// source tells what the values of variables are made of.
type source struct {
	names []string
	from  []syntax.Node
}

// stdin tells what a command reads.
type stdin struct {
	call *syntax.CallExpr
	from []syntax.Node
}

// movers are commands that change the positional parameters, or run text that can.
var movers = []string{"set", "shift", ".", "source", "eval", "trap", "builtin", "command"}

func gather(f *syntax.File, known names, occs []*occurrence, multi bool) facts {
	spread := slices.ContainsFunc(occs, func(o *occurrence) bool { return o.ref.spread })
	out := facts{names: known, occs: occs, shifts: multi || spread, integers: map[string]bool{}, functions: map[string]bool{}, coded: map[string]bool{}}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			out.moves = true
			if n.Name != nil {
				out.functions[n.Name.Value] = true
			}
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				out.calls = append(out.calls, n)
				out.call(n.Args)
			}
		case *syntax.Stmt:
			call, _ := n.Cmd.(*syntax.CallExpr)
			out.reads(n, call, inputs(n))
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				out.reads(n.Y, firstCall(n.Y), output(n.X, nil))
			}
		case *syntax.DeclClause:
			out.declare(n)
		default:
			out.expression(n)
		}
		return true
	})
	out.spread()
	return out
}

// expression notes assignments, and what is evaluated.
func (f *facts) expression(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ArrayExpr:
		f.arrays = true
	case *syntax.ParamExp:
		if n.Slice != nil {
			f.evaluated(n.Slice.Offset)
			f.evaluated(n.Slice.Length)
		}
		f.evaluated(n.Index)
		if n.Param != nil && (n.Excl && n.Names == 0 && !keys(n) || n.Exp != nil && n.Exp.Op == syntax.OtherParamOps && n.Exp.Word.Lit() == "P") {
			f.code(n)
		}
		if n.Param != nil && n.Exp != nil && n.Exp.Word != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
			f.feeds = append(f.feeds, source{[]string{n.Param.Value}, []syntax.Node{n.Exp.Word}})
		}
	case *syntax.Assign:
		f.evaluated(n.Index)
		if n.Name == nil {
			return
		}
		if n.Value != nil {
			f.feeds = append(f.feeds, source{[]string{n.Name.Value}, []syntax.Node{n.Value}})
		}
		if n.Array != nil {
			for _, e := range n.Array.Elems {
				if e.Value != nil {
					f.feeds = append(f.feeds, source{[]string{n.Name.Value}, []syntax.Node{e.Value}})
				}
			}
		}
	case *syntax.WordIter:
		in := source{[]string{n.Name.Value}, nodes(n.Items)}
		if !n.InPos.IsValid() {
			in.from = append(in.from, &syntax.ParamExp{Param: &syntax.Lit{Value: "@"}})
		}
		f.feeds = append(f.feeds, in)
	case *syntax.ArrayElem:
		f.evaluated(n.Index)
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
		f.evaluated(n)
	case *syntax.BinaryTest:
		if isArithmTest(n.Op) {
			f.evaluated(n)
		}
	case *syntax.UnaryTest:
		if n.Op == syntax.TsVarSet {
			f.evaluated(n)
		}
	}
}

// spread follows values backwards: what an evaluated variable is made of is
// evaluated too.
func (f *facts) spread() {
	for before := -1; before != len(f.integers)+len(f.coded); {
		before = len(f.integers) + len(f.coded)
		for _, in := range f.feeds {
			for _, from := range in.from {
				if in.into(f.integers) {
					f.evaluated(from)
				}
				if in.into(f.coded) {
					f.code(from)
				}
			}
		}
		for _, call := range f.calls {
			for i, word := range call.Args {
				if f.takes(f.integers, call, i) {
					f.evaluated(word)
				}
				if f.takes(f.coded, call, i) {
					f.code(word)
				}
			}
		}
	}
}

// into tells whether a variable of the set is fed. A name that is not known
// could be any.
func (in source) into(set map[string]bool) bool {
	return slices.ContainsFunc(in.names, func(name string) bool { return set[name] || name == "" && len(set) > 0 })
}

// takes tells whether an argument of a call becomes a parameter of the set.
func (f *facts) takes(set map[string]bool, call *syntax.CallExpr, i int) bool {
	name := call.Args[0].Lit()
	if i == 0 || !set["$"] || name == "" && len(f.functions) == 0 || name != "" && name != "set" && !f.functions[name] {
		return false
	}
	several := slices.ContainsFunc(call.Args[:i], func(word *syntax.Word) bool {
		return slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool { _, ok := resolve(p); return !ok })
	})
	return several || name == "set" || f.has(set, i)
}

// has tells whether $i may be in the set.
func (f *facts) has(set map[string]bool, i int) bool {
	return f.shifts && set["$"] || set["$"+strconv.Itoa(i)] || set["$@"] || set["$*"]
}

// reads notes what a statement reads, if it keeps or runs it. The call is the
// command that reads first.
func (f *facts) reads(s *syntax.Stmt, call *syntax.CallExpr, from []syntax.Node) {
	if len(from) == 0 {
		return
	}
	if call != nil && len(call.Args) > 0 {
		f.stdins = append(f.stdins, stdin{call, from})
		if f.stdinShell(call) != "" {
			for _, n := range from {
				f.code(n)
			}
		}
	}
	syntax.Walk(s, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 && slices.Contains([]string{"read", "mapfile", "readarray"}, c.Args[0].Lit()) {
			in := source{names: []string{"REPLY", "MAPFILE"}, from: from}
			for _, a := range c.Args[1:] {
				in.names = append(in.names, a.Lit())
			}
			f.feeds = append(f.feeds, in)
			f.arrays = true
		}
		return true
	})
}

// stdinShell is the shell that reads its code from stdin, if the call is one.
func (f *facts) stdinShell(call *syntax.CallExpr) string {
	w := walker{names: f.names}
	args := make([]arg, len(call.Args))
	for i, word := range call.Args {
		args[i] = w.arg(word)
	}
	return (&checker{names: f.names, occs: f.occs}).stdinShell(args)
}

// firstCall is the command that reads what the statement is given.
func firstCall(s *syntax.Stmt) *syntax.CallExpr {
	for {
		switch c := s.Cmd.(type) {
		case *syntax.CallExpr:
			return c
		case *syntax.BinaryCmd:
			s = c.X
		default:
			return nil
		}
	}
}
