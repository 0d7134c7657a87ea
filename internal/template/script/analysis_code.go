package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// markCode marks the variables below a node that is run as code.
func (f *analysis) markCode(n syntax.Node) {
	walkValue(n, "", func(n syntax.Node, _ string) {
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil {
			mark(f.asCode, p.Param.Value)
		}
	})
}

// markArithmetic marks every name below a node that is evaluated. A name too many costs nothing but an
// integer check.
func (f *analysis) markArithmetic(n syntax.Node) {
	if n == nil {
		return
	}
	walkValue(n, "", func(n syntax.Node, _ string) {
		switch n := n.(type) {
		case *syntax.Lit:
			for _, name := range strings.FieldsFunc(n.Value, notInName) {
				f.asArithmetic[name] = true
			}
		case *syntax.ParamExp:
			if n.Param != nil && isParameter(n.Param.Value) {
				mark(f.asArithmetic, n.Param.Value)
			}
		}
	})
}

// mark adds a variable to a set; a parameter also as $, any parameter.
func mark(set map[string]bool, name string) {
	if isParameter(name) {
		set["$"] = true
		name = "$" + name
	}
	set[name] = true
}

func isParameter(name string) bool { return strings.Trim(name, "0123456789@*") == "" }

func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func isArithmTest(op syntax.BinTestOperator) bool {
	switch op {
	case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
		return true
	}
	return false
}

// noteCall notes the effects of a command.
func (f *analysis) noteCall(args []*syntax.Word) {
	lit := args[0].Lit()
	for _, word := range f.codeWords(args) {
		f.markCode(word)
	}
	f.movesParams = f.movesParams || lit == "" || strings.ContainsRune(lit, '\\') ||
		slices.Contains(paramChangers, lit) && !(lit == "set" && onlyOptions(args[1:]))
	f.shiftsParams = f.shiftsParams || lit == "set" || lit == "shift"
	switch lit {
	case "builtin", "command":
		if mayDeclare(args[1:]) {
			f.anyInteger, f.arrays = true, true
		}
	case "cd", "pushd":
		f.assignments = append(f.assignments, assignment{[]string{"PWD"}, nodes(args[1:])})
	case "printf":
		if len(args) > 3 && args[1].Lit() == "-v" {
			f.assignments = append(f.assignments, assignment{[]string{args[2].Lit()}, nodes(args[3:])})
			f.arrays = true
		}
	}
}

// mayDeclare reports whether the words behind command or builtin may give a variable a type, or run
// something that does: builtin declare -i x.
func mayDeclare(args []*syntax.Word) bool {
	for i, word := range args {
		switch lit := word.Lit(); lit {
		case "-p", "--":
		case "-v", "-V": // only looks the command up
			return i > 0 && args[i-1].Lit() == "--"
		case "", "declare", "typeset", "local", "readonly", "export", "let", "read", "readarray", "mapfile", "getopts",
			"printf", "unset", "eval", ".", "source", "wait", "test", "builtin", "command":
			return true
		default:
			return lit[0] == '-' || strings.ContainsAny(lit, `\*?[{~`)
		}
	}
	return false
}

// onlyOptions recognises set -e and the like, which do not change the parameters.
func onlyOptions(args []*syntax.Word) bool {
	for i, word := range args {
		lit := word.Lit()
		named := i > 0 && strings.HasSuffix(args[i-1].Lit(), "o")
		if !named && !isFlags(lit) || lit == "" {
			return false
		}
	}
	return len(args) > 0
}

// codeWords lists the words that a command, or a shell behind it, runs.
func (f *analysis) codeWords(args []*syntax.Word) []*syntax.Word {
	wrapped := slices.Contains(wrappers, programName(args[0]))
	shell, test := false, false
	var out []*syntax.Word
	for i, word := range args {
		name, rest := programName(word), args[i+1:]
		if shell && isCodeFlag(arg{text: word.Lit()}) || test && (name == "-v" || name == "-R") {
			out = append(out, rest[:min(len(rest), 1)]...)
		}
		shell = shell || isShell(name) || programs[name] == optionCode ||
			(i == 0 || wrapped) && name == "" // a shell by another name
		if i > 0 && !wrapped {
			continue
		}
		r := programs[name]
		if i == 0 && r == noCode {
			r = builtins[name]
		}
		switch r {
		case allCode, anyCode, afterCode:
			out = append(out, rest...)
		case remoteCode:
			out = append(out, rest[pastHost(len(rest), func(i int) string { return rest[i].Lit() }):]...)
		case testCode:
			test = true
		case printfCode:
			if len(rest) > 1 && rest[0].Lit() == "-v" {
				out = append(out, rest[1])
			}
		}
	}
	return out
}

// noteDeclaration notes the types that a declaration gives to variables.
func (f *analysis) noteDeclaration(d *syntax.DeclClause) {
	integer := d.Variant.Value == "nameref"
	for _, a := range d.Args {
		if a.Name != nil {
			continue
		}
		f.markCode(a.Value)
		lit := a.Value.Lit()
		if lit == "" {
			f.anyInteger, f.arrays = true, true
		}
		integer = integer || strings.ContainsAny(lit, "in")
		f.arrays = f.arrays || strings.ContainsAny(lit, "aA")
	}
	for _, a := range d.Args {
		if integer && a.Name != nil {
			f.asArithmetic[a.Name.Value] = true
		}
	}
}
