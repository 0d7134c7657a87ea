package template

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// facts are what must be known of a whole script before any place in it.
type facts struct {
	moves      bool            // $1 can come to mean something else
	arrays     bool            // some variable may be an array
	anyInteger bool            // any variable may have the integer attribute
	integers   map[string]bool // variables that are evaluated as arithmetic somewhere
	parameters bool            // so are $1 and its like
	functions  map[string]bool // functions of the script
	readers    [][]string      // the arguments of each read, mapfile, readarray and printf -v
	coded      map[string]bool // variables that are run as code, or name a variable
	codedParam bool            // so are $1 and its like
}

// movers are commands that change the positional parameters, or run text that can.
var movers = []string{"set", "shift", ".", "source", "eval", "trap", "builtin", "command"}

func gather(f *syntax.File) facts {
	out := facts{integers: map[string]bool{}, functions: map[string]bool{}, coded: map[string]bool{}}
	var assigns []*syntax.Assign
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			out.moves = true
			if n.Name != nil {
				out.functions[n.Name.Value] = true
			}
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				out.call(n.Args)
			}
		case *syntax.ArrayExpr:
			out.arrays = true
		case *syntax.DeclClause:
			out.declare(n)
		case *syntax.ParamExp:
			if n.Slice != nil {
				out.evaluated(n.Slice.Offset)
				out.evaluated(n.Slice.Length)
			}
			out.evaluated(n.Index)
			if n.Param != nil && (n.Excl && n.Names == 0 || n.Exp != nil && n.Exp.Op == syntax.OtherParamOps && n.Exp.Word.Lit() == "P") {
				out.code(n)
			}
		case *syntax.Assign:
			out.evaluated(n.Index)
			assigns = append(assigns, n)
		case *syntax.ArrayElem:
			out.evaluated(n.Index)
		case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
			out.evaluated(n)
		case *syntax.BinaryTest:
			if isArithmTest(n.Op) {
				out.evaluated(n)
			}
		case *syntax.UnaryTest:
			if n.Op == syntax.TsVarSet {
				out.evaluated(n)
			}
		}
		return true
	})
	out.spread(assigns)
	return out
}

// spread follows assignments backwards: what an evaluated variable is made of
// is evaluated too.
func (f *facts) spread(assigns []*syntax.Assign) {
	for before := -1; before != len(f.integers)+len(f.coded); {
		before = len(f.integers) + len(f.coded)
		for _, a := range assigns {
			if a.Name == nil || a.Value == nil {
				continue
			}
			if f.integers[a.Name.Value] {
				f.evaluated(a.Value)
			}
			if f.coded[a.Name.Value] {
				f.code(a.Value)
			}
		}
	}
}

// code notes the variables below a node whose value is run.
func (f *facts) code(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			return repeats(n)
		case *syntax.ParamExp:
			switch {
			case n.Param == nil:
			case isParameter(n.Param.Value):
				f.codedParam = true
			default:
				f.coded[n.Param.Value] = true
			}
		}
		return true
	})
}

// repeats tells whether a command prints its arguments. The output of other
// commands is taken to be their own.
func repeats(c *syntax.CmdSubst) bool {
	for _, s := range c.Stmts {
		if call := lastCall(s); call != nil && len(call.Args) > 0 && slices.Contains(repeaters, call.Args[0].Lit()) {
			return true
		}
	}
	return false
}

func isArithmTest(op syntax.BinTestOperator) bool {
	switch op {
	case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
		return true
	}
	return false
}

func isParameter(name string) bool { return strings.Trim(name, "123456789@*") == "" }

func (f *facts) call(args []*syntax.Word) {
	lit := args[0].Lit()
	for _, word := range codeWords(args) {
		f.code(word)
	}
	if lit == "" || strings.ContainsRune(lit, '\\') {
		f.moves = true
	}
	for _, m := range movers {
		f.moves = f.moves || lit == m
	}
	switch lit {
	case "builtin", "command": // could stand before declare
		f.anyInteger, f.arrays = true, true
	case "printf":
		if len(args) < 2 || args[1].Lit() != "-v" {
			return
		}
		fallthrough
	case "read", "mapfile", "readarray":
		f.arrays = true
		var names []string
		for _, a := range args[1:] {
			names = append(names, a.Lit())
		}
		f.readers = append(f.readers, names)
	}
}

// codeWords are the words of a command that it, or a shell behind it, runs.
func codeWords(args []*syntax.Word) []*syntax.Word {
	name := args[0].Lit()
	if name == "eval" || builtins[name] == anyCode {
		return args[1:]
	}
	if name == "printf" && len(args) > 2 && args[1].Lit() == "-v" {
		return args[2:3]
	}
	if programs[name] == remoteCode {
		for i, word := range args[1:] {
			if lit := word.Lit(); lit == "" || lit[0] != '-' {
				return args[i+2:]
			}
		}
	}
	shell := false
	var out []*syntax.Word
	for i, word := range args[1:] {
		before := args[i].Lit()
		before = before[strings.LastIndexByte(before, '/')+1:]
		shell = shell || slices.Contains(posixShells, before) || slices.Contains(otherShells, before) || programs[before] == optionCode
		test := builtins[name] == testCode && (before == "-v" || before == "-R")
		if test || shell && isCodeFlag(arg{text: before}) {
			out = append(out, word)
		}
	}
	return out
}

// reads tells whether input is read into a variable that is evaluated.
func (f *facts) reads() bool {
	for _, names := range f.readers {
		for _, name := range names {
			if f.integers[name] || name == "" && len(f.integers) > 0 {
				return true
			}
		}
	}
	return false
}

func (f *facts) declare(d *syntax.DeclClause) {
	integer := d.Variant.Value == "nameref"
	for _, a := range d.Args {
		if a.Name != nil {
			continue
		}
		f.code(a.Value)
		lit := a.Value.Lit()
		if lit == "" {
			f.anyInteger, f.arrays = true, true
		}
		integer = integer || strings.ContainsAny(lit, "in")
		f.arrays = f.arrays || strings.ContainsAny(lit, "aA")
	}
	for _, a := range d.Args {
		if integer && a.Name != nil {
			f.integers[a.Name.Value] = true
		}
	}
}

// evaluated notes every name below a node. Naming too many costs nothing but
// an integer check.
func (f *facts) evaluated(n syntax.Node) {
	if n == nil {
		return
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			return repeats(n)
		case *syntax.Lit:
			for _, name := range strings.FieldsFunc(n.Value, notInName) {
				f.integers[name] = true
			}
		case *syntax.ParamExp:
			if n.Param != nil && isParameter(n.Param.Value) {
				f.parameters = true
			}
		}
		return true
	})
}

func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
