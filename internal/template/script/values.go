package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A script hands items on in the values of variables, and in the output of commands that print their arguments or
// their input. The output of other programs counts as their own, even if they make it from an item.

// argPrinters print their arguments, or parts of them.
var argPrinters = []string{
	"echo", "printf", "basename", "dirname", "find", "fd", "fdfind", "ls", "readlink", "realpath", "mktemp", "wc", "du",
	"md5sum", "sha1sum", "sha256sum", "sha512sum", "cksum", "file", "yes",
}

// stdinPrinters print their input, or parts of it.
var stdinPrinters = []string{
	"awk", "base64", "cat", "column", "cut", "envsubst", "expand", "fmt", "fold", "gawk", "grep", "egrep", "fgrep", "head",
	"iconv", "jq", "mawk", "nl", "node", "paste", "perl", "python", "python3", "rev", "rg", "ruby", "sed", "shuf", "sort",
	"tac", "tail", "tee", "tr", "uniq", "xargs", "yq",
}

// output lists the nodes that the output of a statement is made of, when its input is made of in.
func output(s *syntax.Stmt, in []syntax.Node) []syntax.Node {
	if s == nil {
		return nil
	}
	in = append(in[:len(in):len(in)], redirected(s)...)
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		return printedBy(c, in)
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

// children lists the statements of a compound command.
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

// printedBy lists the nodes that the output of a command is made of.
func printedBy(c *syntax.CallExpr, in []syntax.Node) []syntax.Node {
	wrapped := false
	for i, word := range c.Args {
		name := programName(word)
		if i == 0 {
			wrapped = slices.Contains(wrappers, name) && !slices.Contains(argPrinters, name)
		}
		switch {
		case i > 0 && !wrapped:
			return nil
		case printsDigits(name, c.Args[i+1:]):
			return nil
		case slices.Contains(stdinPrinters, name):
			return in
		case slices.Contains(argPrinters, name):
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

// printsDigits recognises filters that only let digits pass.
func printsDigits(name string, args []*syntax.Word) bool {
	var flags, operand string
	for _, word := range args {
		text := ""
		for _, p := range word.Parts {
			s, _ := partText(p)
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
		return strings.Contains(flags, "d") && strings.ContainsAny(flags, "cC") &&
			slices.Contains([]string{"0-9", "[:digit:]", `0-9\n`}, operand)
	case "grep", "egrep", "fgrep", "rg":
		return strings.Contains(flags, "c") || strings.Contains(flags, "o") &&
			slices.Contains([]string{"[0-9]+", "[0-9]*", `[0-9]\+`, "[[:digit:]]+", `\d+`}, operand)
	}
	return false
}

// isNumber recognises ${x//[!0-9]}, ${#x} and ${!x[@]}, which are numbers whatever x is.
func isNumber(p *syntax.ParamExp) bool {
	if p.Length || isKeys(p) {
		return true
	}
	return p.Repl != nil && p.Repl.All && p.Repl.Orig != nil && (p.Repl.With == nil || len(p.Repl.With.Parts) == 0) &&
		slices.Contains([]string{"[!0-9]", "[^0-9]", "[![:digit:]]", "[^[:digit:]]"}, p.Repl.Orig.Lit())
}

// isKeys recognises ${!x[@]}, the subscripts of an array.
func isKeys(p *syntax.ParamExp) bool {
	word, ok := p.Index.(*syntax.Word)
	return ok && p.Excl && (word.Lit() == "@" || word.Lit() == "*")
}

// redirected lists the nodes that a statement reads through its redirections.
func redirected(s *syntax.Stmt) []syntax.Node {
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

// walkValue visits the nodes that the value of a node is made of. Behind a command that does more than print
// its arguments, by is the name of that command.
func walkValue(n syntax.Node, by string, visit func(n syntax.Node, by string)) {
	through := func(list []*syntax.Stmt) {
		name := by
		for _, s := range list {
			call := lastCall(s)
			if call == nil || len(call.Args) == 0 {
				continue
			}
			last := programName(call.Args[0])
			if len(list) > 1 || s.Cmd != call || last != "echo" && last != "printf" {
				name = last
			}
		}
		for _, s := range list {
			for _, o := range output(s, nil) {
				walkValue(o, name, visit)
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
			if isNumber(n) {
				return false
			}
		}
		visit(n, by)
		return true
	})
}

// firstCall returns the command that reads the input of the statement.
func firstCall(s *syntax.Stmt) *syntax.CallExpr {
	return endCall(s, func(b *syntax.BinaryCmd) *syntax.Stmt { return b.X })
}

// lastCall returns the command whose output is the output of the statement.
func lastCall(s *syntax.Stmt) *syntax.CallExpr {
	return endCall(s, func(b *syntax.BinaryCmd) *syntax.Stmt { return b.Y })
}

// endCall returns the command at one end of a statement.
func endCall(s *syntax.Stmt, side func(*syntax.BinaryCmd) *syntax.Stmt) *syntax.CallExpr {
	for {
		switch c := s.Cmd.(type) {
		case *syntax.CallExpr:
			return c
		case *syntax.BinaryCmd:
			s = side(c)
		default:
			return nil
		}
	}
}
