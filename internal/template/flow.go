package template

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// An item that a script hands on can become code one step later. These rules
// cover the steps that scripts are seen to take: the parameters of functions,
// output that is evaluated as arithmetic, and text that a shell reads. What
// another program makes of its arguments is not followed.

// repeaters print their arguments, or parts of them.
var repeaters = []string{"echo", "printf", "basename", "dirname", "find", "ls", "readlink", "realpath"}

// flows follows the arguments of a command.
func (w *walker) flows(c *syntax.CallExpr, args []arg) {
	name := w.checker().program(args[0])
	var ids []int
	for _, word := range c.Args {
		ids = append(ids, w.direct(word.Parts)...)
	}
	if w.facts.codedParam && (name == "set" || w.facts.functions[name]) {
		for _, id := range ids {
			w.refuse(id, "the script runs $1 as code", safeForm)
		}
	}
	if w.facts.parameters && (name == "" || name == "set" || w.facts.functions[name]) {
		w.needInteger(ids)
	}
	if w.facts.reads() && (name == "echo" || name == "printf") {
		w.needInteger(ids)
	}
}

// computedIn finds the commands in a word part whose output becomes its value.
func (w *walker) computedIn(p syntax.WordPart) {
	switch p := p.(type) {
	case *syntax.CmdSubst:
		w.computed(p.Stmts)
	case *syntax.DblQuoted:
		for _, q := range p.Parts {
			w.computedIn(q)
		}
	}
}

// computed looks at commands whose output is evaluated as arithmetic.
func (w *walker) computed(list []*syntax.Stmt) {
	for _, s := range list {
		call := lastCall(s)
		if call == nil || len(call.Args) == 0 {
			continue
		}
		var ids []int
		for _, word := range call.Args[1:] {
			ids = append(ids, w.names.under(word)...)
		}
		switch name := call.Args[0].Lit(); {
		case name == "echo" || name == "printf":
			w.needInteger(ids)
		case slices.Contains(repeaters, name):
			for _, id := range ids {
				w.refuse(id, "the output of "+name+" can hold the item, and arithmetic would run code in it", "check that it is a number first")
			}
		}
	}
}

// lastCall is the command whose output is that of the statement.
func lastCall(s *syntax.Stmt) *syntax.CallExpr {
	for {
		switch c := s.Cmd.(type) {
		case *syntax.CallExpr:
			return c
		case *syntax.BinaryCmd:
			s = c.Y
		default:
			return nil
		}
	}
}

// fed looks at what a statement reads: a shell runs its stdin.
func (w *walker) fed(s *syntax.Stmt) {
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		for _, r := range s.Redirs {
			switch {
			case r.Hdoc != nil:
				w.runs(c, r.Hdoc)
			case r.Op == syntax.WordHdoc:
				w.runs(c, r.Word)
			}
		}
	case *syntax.BinaryCmd:
		to, _ := c.Y.Cmd.(*syntax.CallExpr)
		from := lastCall(c.X)
		if c.Op != syntax.Pipe && c.Op != syntax.PipeAll || to == nil || from == nil || len(from.Args) == 0 {
			return
		}
		if name := from.Args[0].Lit(); name == "echo" || name == "printf" {
			w.runs(to, from)
		}
		if last, ok := c.X.Cmd.(*syntax.CallExpr); ok && last == from {
			for _, r := range c.X.Redirs {
				if r.Hdoc != nil && from.Args[0].Lit() == "cat" {
					w.runs(to, r.Hdoc)
				}
			}
		}
	}
}

// runs refuses items in text that a command runs, and warns of other languages.
func (w *walker) runs(c *syntax.CallExpr, text syntax.Node) {
	ids := w.checker().data(arg{ids: w.names.under(text)})
	if len(c.Args) == 0 || len(ids) == 0 {
		return
	}
	args := make([]arg, len(c.Args))
	for i, word := range c.Args {
		args[i] = w.arg(word)
	}
	if name := w.checker().stdinShell(args); name != "" {
		w.refuse(ids[0], name+" would run the item as code, from its stdin", safeForm)
	}
	if name := w.checker().program(args[0]); languages[name].rule == evalTxt && len(args) < 3 {
		w.warnings = append(w.warnings, finding{id: ids[0], msg: "the item becomes part of the program text of " + name, hint: "pass it as an argument"})
	}
}

// stdinShell is the shell that reads its code from stdin, if any does.
func (c *checker) stdinShell(args []arg) string {
	wrapped := slices.Contains(wrappers, c.program(args[0]))
	for i, a := range args {
		name := c.program(a)
		rest := args[i+1:]
		switch {
		case slices.Contains(posixShells, name) || slices.Contains(otherShells, name):
			if !hasOperand(rest) {
				return name
			}
		case i > 0 && !wrapped:
		case programs[name] == remoteCode:
			if operands(rest, remoteValued) < 2 {
				return name
			}
		case name == "at" || name == "batch" || name == "parallel" || name == "source" || name == "." || name == "crontab":
			return name
		}
	}
	return ""
}

// hasOperand tells whether a shell is given a script or code.
func hasOperand(args []arg) bool {
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case isCodeFlag(args[i]):
			return true
		case t == "-s" || t == "-" || t == "/dev/stdin":
			return false
		case t == "-o" || t == "+o" || t == "-O" || t == "+O":
			i++
		case len(t) > 0 && (t[0] == '-' || t[0] == '+'):
		default:
			return true
		}
	}
	return false
}

// operands counts the words that are no options; some options have a value.
func operands(args []arg, valued string) int {
	n := 0
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case n > 0:
			n++
		case len(t) == 2 && t[0] == '-' && strings.IndexByte(valued, t[1]) >= 0:
			i++
		case len(t) > 0 && t[0] == '-':
		default:
			n++
		}
	}
	return n
}
