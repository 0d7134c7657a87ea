package template

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// What a script hands on: the values of variables, and the output of the
// commands that print their arguments or their stdin. What other programs make
// of an item is their own.

// repeaters print their arguments, or parts of them.
var repeaters = []string{
	"echo", "printf", "basename", "dirname", "find", "fd", "fdfind", "ls", "readlink", "realpath", "mktemp", "wc", "du",
	"md5sum", "sha1sum", "sha256sum", "sha512sum", "cksum", "file", "yes",
}

// filters print what they read, or parts of it.
var filters = []string{
	"awk", "base64", "cat", "column", "cut", "envsubst", "expand", "fmt", "fold", "gawk", "grep", "egrep", "fgrep", "head",
	"iconv", "jq", "mawk", "nl", "node", "paste", "perl", "python", "python3", "rev", "rg", "ruby", "sed", "shuf", "sort",
	"tac", "tail", "tee", "tr", "uniq", "xargs", "yq",
}

// output lists what the output of a statement is made of, if it reads in.
func output(s *syntax.Stmt, in []syntax.Node) []syntax.Node {
	if s == nil {
		return nil
	}
	in = append(in[:len(in):len(in)], inputs(s)...)
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		return printed(c, in)
	case *syntax.BinaryCmd:
		if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
			return output(c.Y, output(c.X, in))
		}
	}
	var out []syntax.Node
	for _, below := range children(s) {
		out = append(out, output(below, in)...)
	}
	return out
}

// children are the statements that a compound command is made of.
func children(s *syntax.Stmt) []*syntax.Stmt {
	var out []*syntax.Stmt
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Word:
			return false
		case *syntax.Stmt:
			if n != s {
				out = append(out, n)
				return false
			}
		}
		return true
	})
	return out
}

// printed is what a command prints.
func printed(c *syntax.CallExpr, in []syntax.Node) []syntax.Node {
	wrapped := len(c.Args) > 0 && slices.Contains(wrappers, programName(c.Args[0])) && !slices.Contains(repeaters, programName(c.Args[0]))
	for i, word := range c.Args {
		name := programName(word)
		switch {
		case i > 0 && !wrapped:
			return nil
		case digitsOnly(name, c.Args[i+1:]):
			return nil
		case slices.Contains(filters, name):
			return in
		case slices.Contains(repeaters, name):
			return nodes(c.Args[i+1:])
		case name == "pwd":
			return []syntax.Node{&syntax.ParamExp{Param: &syntax.Lit{Value: "PWD"}}}
		}
	}
	return nil
}

func nodes(words []*syntax.Word) []syntax.Node {
	var out []syntax.Node
	for _, word := range words {
		out = append(out, word)
	}
	return out
}

func programName(word *syntax.Word) string {
	lit := word.Lit()
	return lit[strings.LastIndexByte(lit, '/')+1:]
}

// digitsOnly knows the filters that let nothing but digits pass.
func digitsOnly(name string, args []*syntax.Word) bool {
	var flags, operand string
	for _, word := range args {
		text := ""
		for _, p := range word.Parts {
			s, _ := resolve(p)
			text += s
		}
		if strings.HasPrefix(text, "-") {
			flags += text
		} else if operand == "" {
			operand = text
		}
	}
	switch name {
	case "tr":
		return strings.Contains(flags, "d") && strings.ContainsAny(flags, "cC") && (operand == "0-9" || operand == "[:digit:]" || operand == `0-9\n`)
	case "grep", "egrep", "fgrep", "rg":
		return strings.Contains(flags, "c") || strings.Contains(flags, "o") && slices.Contains([]string{"[0-9]+", "[0-9]*", `[0-9]\+`, "[[:digit:]]+", `\d+`}, operand)
	}
	return false
}

// digits knows ${x//[!0-9]}, ${#x} and ${!x[@]}, which are numbers whatever x is.
func digits(p *syntax.ParamExp) bool {
	if p.Length || keys(p) {
		return true
	}
	return p.Repl != nil && p.Repl.All && p.Repl.Orig != nil && (p.Repl.With == nil || len(p.Repl.With.Parts) == 0) &&
		slices.Contains([]string{"[!0-9]", "[^0-9]", "[![:digit:]]", "[^[:digit:]]"}, p.Repl.Orig.Lit())
}

// keys knows ${!x[@]}, the subscripts of an array.
func keys(p *syntax.ParamExp) bool {
	word, ok := p.Index.(*syntax.Word)
	return ok && p.Excl && (word.Lit() == "@" || word.Lit() == "*")
}

// inputs is what a statement reads by its redirections.
func inputs(s *syntax.Stmt) []syntax.Node {
	var out []syntax.Node
	for _, r := range s.Redirs {
		switch {
		case r.Hdoc != nil:
			out = append(out, r.Hdoc)
		case r.Op == syntax.WordHdoc:
			out = append(out, r.Word)
		case r.Op == syntax.RdrIn && len(r.Word.Parts) == 1:
			if p, ok := r.Word.Parts[0].(*syntax.ProcSubst); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// carried visits the nodes that the value of a node is made of. Behind a
// command that does more than print its arguments, by is its name.
func carried(n syntax.Node, by string, visit func(n syntax.Node, by string)) {
	through := func(list []*syntax.Stmt) {
		name := by
		for _, s := range list {
			call := lastCall(s)
			if call != nil && len(call.Args) > 0 && (len(list) > 1 || s.Cmd != call || !slices.Contains([]string{"echo", "printf"}, programName(call.Args[0]))) {
				name = programName(call.Args[0])
			}
		}
		for _, s := range list {
			for _, o := range output(s, nil) {
				carried(o, name, visit)
			}
		}
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case nil:
			return false
		case *syntax.CmdSubst:
			through(n.Stmts)
			return false
		case *syntax.ProcSubst:
			through(n.Stmts)
			return false
		case *syntax.ParamExp:
			if digits(n) {
				return false
			}
		}
		visit(n, by)
		return true
	})
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
