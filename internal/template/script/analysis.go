package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// analysis is what a decision at one place of a script must know of the whole.
type analysis struct {
	movesParams bool            // the meaning of $1 can change
	keyed       map[string]bool // arrays whose subscripts are text; "" if any may be one
}

// paramChangers are commands that change the positional parameters, or run text that can.
var paramChangers = []string{"set", "shift", ".", "source", "eval", "trap", "builtin", "command"}

// analyse looks at all of a script.
func analyse(f *syntax.File) analysis {
	out := analysis{keyed: map[string]bool{}}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			out.movesParams = true
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				out.noteCall(n.Args)
			}
		case *syntax.DeclClause:
			out.noteDeclaration(n)
		}
		return true
	})
	return out
}

// noteDeclaration notes which arrays have keys.
func (a *analysis) noteDeclaration(d *syntax.DeclClause) {
	keyed := false
	for _, w := range d.Args {
		switch {
		case w.Name != nil:
			a.keyed[w.Name.Value] = a.keyed[w.Name.Value] || keyed
		case w.Value.Lit() == "" || strings.Contains(w.Value.Lit(), "n"): // unknown, or a name for another variable
			a.keyed[""] = true
		default:
			keyed = keyed || strings.Contains(w.Value.Lit(), "A")
		}
	}
}

// noteCall notes the effects of a command.
func (a *analysis) noteCall(args []*syntax.Word) {
	name := args[0].Lit()
	a.movesParams = a.movesParams || name == "" || strings.ContainsRune(name, '\\') ||
		slices.Contains(paramChangers, name) && !(name == "set" && onlyOptions(args[1:]))
	switch name {
	case "eval", ".", "source":
		a.keyed[""] = true
	case "builtin", "command":
		a.keyed[""] = a.keyed[""] || mayDeclare(args[1:])
	}
}

// mayDeclare reports whether the words behind command or builtin may give a variable a type, or run
// something that does: builtin declare -a x.
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
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i, word := range args {
		lit := word.Lit()
		named := i > 0 && strings.HasSuffix(args[i-1].Lit(), "o")
		option := len(lit) > 1 && (lit[0] == '-' || lit[0] == '+') && strings.Trim(lit[1:], letters) == ""
		if !named && !option || lit == "" {
			return false
		}
	}
	return len(args) > 0
}
