package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// An item that a script hands on can become code one step later: in a variable, a parameter of a function, the output
// of a command, or the input of a shell.

// checkFlows checks all values that the script hands on. It runs before the walk.
func (w *walker) checkFlows() {
	f := &w.analysis
	for _, in := range f.assignments {
		for _, from := range in.from {
			what := "$" + in.names[0]
			if in.names[0] == "REPLY" {
				what = "its input"
			}
			w.checkValue(from, in.assigns(f.asArithmetic), in.assigns(f.asCode), "the script runs "+what+" as code later")
		}
	}
	for _, call := range f.calls {
		for i, word := range call.Args {
			evaluated, coded := f.passesParam(f.asArithmetic, call, i), f.passesParam(f.asCode, call, i)
			w.checkValue(word, evaluated, coded, "the script runs $1 as code")
		}
	}
	for _, in := range f.inputs {
		for _, from := range in.from {
			w.checkStdin(in.call, from)
		}
	}
	if len(f.functions) > 0 {
		return
	}
	for i := range w.occs { // the script uses $1, which is fanout's
		if f.asArithmetic["$"] {
			w.requireInteger([]int{i})
		}
		if f.asCode["$"] && w.occs[i].Data() {
			w.refuse(i, "the script runs $1, which is the item, as code", safeForm)
		}
	}
}

// checkValue refuses the items in a value that is evaluated or run, or makes sure that they are integers.
func (w *walker) checkValue(n syntax.Node, evaluated, coded bool, msg string) {
	if !evaluated && !coded {
		return
	}
	w.valueTokens(n, func(id int, by string) {
		switch {
		case !w.occs[id].Data():
		case coded:
			w.refuse(id, msg, safeForm)
		case by != "":
			w.refuse(id, "the output of "+by+" can hold the item, and arithmetic would run code in it",
				"keep only the digits: ... | tr -dc 0-9")
		default:
			w.requireInteger([]int{id})
		}
	})
}

// valueTokens finds the tokens that the value of a node is made of.
func (w *walker) valueTokens(n syntax.Node, found func(id int, by string)) {
	walkValue(n, "", func(n syntax.Node, by string) {
		text := ""
		switch n := n.(type) {
		case *syntax.Lit:
			text = n.Value
		case *syntax.SglQuoted:
			text = n.Value
		}
		for _, id := range w.standIns.tokens(text) {
			found(id, by)
		}
	})
}

// checkStdin refuses items in text that a command runs, and warns of items in programs of other languages.
func (w *walker) checkStdin(c *syntax.CallExpr, text syntax.Node) {
	id, quoted := -1, false
	w.valueTokens(text, func(found int, _ string) {
		if id < 0 && w.occs[found].Data() {
			id = found
		}
	})
	if id < 0 {
		return
	}
	if word, ok := text.(*syntax.Word); ok {
		a := w.standIns.resolve(word)
		quoted = !a.dynamic && !strings.ContainsRune(a.text, '\\') && w.checker().quotedForShell(a.text, w.checker().data(a))
	}
	name := w.analysis.stdinShell(c)
	posix := slices.Contains(posixShells, name) || programs[name] == remoteCode
	if name != "" && !(quoted && posix) {
		w.refuse(id, name+" would run the item as code, from its stdin", safeForm)
	}
	if name = programName(c.Args[0]); languages[name].rule == optionText && len(c.Args) < 3 {
		w.warnings = append(w.warnings, partOfProgram(id, name))
	}
}

// stdinShell returns the shell that reads its code from stdin; "" if there is none.
func (c *checker) stdinShell(args []arg) string {
	wrapped := slices.Contains(wrappers, c.program(args[0]))
	for i, a := range args {
		name := c.program(a)
		rest := args[i+1:]
		switch {
		case isShell(name):
			if c.xargsIntoCode(args[:i], rest) {
				return "xargs"
			}
			if !hasOperand(rest) {
				return name
			}
			if codeIndex(rest) > 0 {
				return ""
			}
		case i > 0 && !wrapped:
		case programs[name] == remoteCode:
			if c.substituted(args[:i]) {
				return "xargs"
			}
			if pastHost(len(rest), func(i int) string { return rest[i].text }) == len(rest) {
				return name
			}
		case name == "parallel":
			if !hasOperand(rest) {
				return name
			}
		case slices.Contains([]string{"at", "batch", "source", ".", "crontab", "sbatch", "qsub", "bsub"}, name):
			return name
		}
	}
	return ""
}

// xargsIntoCode reports whether xargs puts its input into the code of a shell.
func (c *checker) xargsIntoCode(before, rest []arg) bool {
	if !slices.ContainsFunc(before, func(a arg) bool { return c.program(a) == "xargs" }) {
		return false
	}
	code := codeIndex(rest)
	if code == 0 {
		return false
	}
	if code == len(rest) {
		return true
	}
	for i, a := range before {
		r := ""
		switch {
		case a.text == "-I" && i+1 < len(before):
			r = before[i+1].text
		case a.text == "-i" || a.text == "--replace":
			r = "{}"
		case strings.HasPrefix(a.text, "--replace="):
			r = a.text[len("--replace="):]
		case strings.HasPrefix(a.text, "-I"):
			r = a.text[2:]
		}
		if r != "" && strings.Contains(c.withLiterals(rest[code].text), c.withLiterals(r)) {
			return true
		}
	}
	return false
}

// hasOperand reports whether a shell is given a script or code.
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

// pastHost counts the arguments of ssh up to and with its host.
func pastHost(n int, text func(int) string) int {
	for i := 0; i < n; i++ {
		switch t := text(i); {
		case len(t) == 2 && t[0] == '-' && strings.IndexByte(remoteValued, t[1]) >= 0:
			i++
		case len(t) > 1 && t[0] == '-':
		default:
			return i + 1
		}
	}
	return n
}
