package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A builtin is what a builtin of bash does with its arguments.
type builtin func(f *follower, args []word, st *state)

// builtin finds a builtin of bash.
func (f *follower) builtin(name string) (builtin, bool) {
	switch name {
	case "echo":
		return (*follower).echo, true
	case "printf":
		return (*follower).printf, true
	case "eval":
		return (*follower).eval, true
	case ".", "source":
		return (*follower).source, true
	case "read":
		return (*follower).read, true
	case "mapfile", "readarray":
		return (*follower).mapfile, true
	case "set":
		return (*follower).set, true
	case "shift":
		return (*follower).shift, true
	case "trap":
		return (*follower).trap, true
	case "alias":
		return (*follower).alias, true
	case "getopts":
		return (*follower).getopts, true
	case "cd", "pushd", "popd":
		return (*follower).chdir, true
	case "return":
		return func(f *follower, args []word, st *state) {
			if st.frame.function == "" { // it does nothing there, or ends a file that is read
				f.calculate(args, st)
				return
			}
			f.leave(&st.frame.ends, args, st)
		}, true
	case "exit":
		return func(f *follower, args []word, st *state) { f.leave(nil, args, st) }, true
	case "break", "continue":
		return func(f *follower, args []word, st *state) {
			f.calculate(args, st)
			if fr := st.frame; len(fr.loops) > 0 {
				for i := range fr.loops {
					fr.loops[i] = append(fr.loops[i], st.copy())
				}
				st.dead = true
			}
		}, true
	case "declare", "typeset", "local", "export", "readonly":
		return func(f *follower, args []word, st *state) { f.declareWords(name, args, st) }, true
	case "unset", "let", "wait":
		return func(f *follower, args []word, st *state) { f.named2(name, args, st) }, true
	case "test", "[":
		return (*follower).testBuiltin, true
	case "command", "builtin", "exec":
		return func(f *follower, args []word, st *state) { f.prefix(name, args, st) }, true
	case "hash", "unalias", "enable", "bind", "complete", "compgen", "compopt", "fc", "history", "jobs":
		return func(f *follower, args []word, st *state) {
			f.takenAs(name, args...)
			f.completes(args, st)
		}, true
	case "shopt":
		return func(f *follower, args []word, st *state) {
			f.onlyOptions("shopt", args)
			for _, w := range args {
				st.last = st.last || w.text == "lastpipe"
				st.inherits = st.inherits || w.text == "localvar_inherit"
				f.echoes = f.echoes || w.text == "xpg_echo"
			}
		}, true
	case ":", "true", "false", "kill", "umask", "ulimit", "type", "times", "bg", "fg", "disown", "suspend", "logout", "help", "caller":
		return func(f *follower, args []word, st *state) {
			if name == "ulimit" || name == "umask" {
				f.calculate(args, st)
			}
			if name == "type" || name == "kill" || name == "help" {
				f.print(f.part(f.valuesOf(args), name), st)
			}
		}, true
	case "pwd", "dirs":
		return func(f *follower, _ []word, st *state) { f.print(f.lookup("PWD", st), st) }, true
	}
	return nil, false
}

// completes follows what compgen evaluates, and the command of jobs -x.
func (f *follower) completes(args []word, st *state) {
	for i := 0; i+1 < len(args); i++ {
		next := args[i+1]
		switch args[i].text {
		case "-W": // it expands the words
			f.codeIn("compgen -W", f.args([]word{{text: "printf '%s\\n' \"" + strings.ReplaceAll(next.text, `"`, `\"`) + `"`}}), false, func(list []*syntax.Stmt) { f.inside(codeOf+"compgen -W", list, st) })
		case "-F", "-C":
			f.execute(f.split(next.text), st)
		case "-A":
			f.print(f.unknown(), st)
		case "-x":
			f.execute(args[i+1:], st)
		}
	}
}

// valuesOf are the texts of words.
func (f *follower) valuesOf(args []word) value {
	var v value
	for _, w := range args {
		v = append(v, w.text)
	}
	return v
}

// advice tells what a builtin would take an item as that takes any argument as code or as a name, and what to write
// instead.
func advice(name string) (as, hint string) {
	const variable = "the name of a variable"
	switch name {
	case "source", ".":
		return "code", "run it as a program of its own: bash -- {}"
	case "trap":
		return "code", `write the code in the script, and use "$x" inside it: x={}; trap 'rm -- "$x"' EXIT`
	case "alias":
		return "code", `write a function in the script: x={}; f() { wc -- "$x"; }; f`
	case "read", "mapfile", "readarray":
		return variable, "give it on stdin: " + name + " x <<<{}"
	case "declare", "typeset", "local", "export", "readonly":
		return variable, "assign first: x={}; " + name + " x"
	case "unset", "getopts", "let":
		return variable, "write the name in the script"
	case "hash", "unalias", "wait":
		return "an option or a name", "write the name in the script"
	}
	return "code", "write its arguments in the script"
}

// takenAs refuses the items in words that a builtin takes as names or code.
func (f *follower) takenAs(name string, args ...word) {
	as, hint := advice(name)
	for _, id := range idsIn(f.args(args)) {
		f.findMark(id, name+" would take the item as "+as, hint)
		return
	}
}

func (f *follower) echo(args []word, st *state) {
	end, escapes := text("\n"), false
	for len(args) > 0 && isFlags(args[0].text) && strings.Trim(args[0].text, "-neE") == "" {
		if strings.ContainsRune(args[0].text, 'n') {
			end = text("")
		}
		escapes = escapes || strings.ContainsRune(args[0].text, 'e')
		args = args[1:]
	}
	v := f.joined(args)
	if escapes || f.echoes || f.calculates() || f.shellIs == "dash" || f.shellIs == "sh" {
		v = f.unescaped(v)
	}
	f.print(f.join(v, end), st)
}

// unescaped is a value in which backslashes are replaced: quotes around an item do not hold then.
func (f *follower) unescaped(v value) value {
	out := make(value, 0, len(v))
	for _, s := range f.bare(v) {
		out = append(out, decoded(s))
	}
	return out
}

func (f *follower) eval(args []word, st *state) {
	f.codeOf("eval", f.args(args), true, st)
}

func (f *follower) blendOrOne(v value) string {
	if len(v) == 1 {
		return v[0]
	}
	return f.blend(v)[0]
}

// prefix follows command, builtin and exec.
func (f *follower) prefix(name string, args []word, st *state) {
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case name == "command" && (t == "-v" || t == "-V"):
			f.print(f.part(f.valuesOf(args), "command -v"), st)
			return
		case t == "--":
			if i+1 < len(args) {
				f.passed = name != "exec" && len(f.names.Tokens(args[i+1].text)) == 0
				f.execute(args[i+1:], st)
				f.passed = false
			}
			return
		case name == "exec" && t == "-a":
			i++
		case len(t) > 1 && t[0] == '-' && len(f.ids(t)) == 0:
		default:
			f.passed = name != "exec" && len(f.names.Tokens(t)) == 0
			f.execute(args[i:], st)
			f.passed = false
			return
		}
	}
}

// testBuiltin follows test and [.
func (f *follower) testBuiltin(list []word, st *state) {
	args := f.args(list)
	for i, a := range args {
		if slices.Contains([]string{"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}, a.text) && i > 0 && i+1 < len(list) {
			f.calculate([]word{list[i-1], list[i+1]}, st)
		}
		switch {
		case i > 0 && (args[i-1].text == "-v" || args[i-1].text == "-R"):
			f.sinkName(value{a.text}, "test "+args[i-1].text)
			if n := strings.IndexByte(a.text, '['); n >= 0 {
				f.arithmeticText(a.text[n:], st, true, 0)
			}
		case len(a.ids) == 0:
		case f.becomesSeveral(a) || i > 0 && (args[i-1].dynamic && f.nested == "" || len(args[i-1].ids) > 0):
			if a.split {
				f.findCut(a, "test could run code in it")
				continue
			}
			f.findMark(a.ids[0], "an item such as -v could become an operator of test", "write [[ -f {} ]]")
		}
	}
}
