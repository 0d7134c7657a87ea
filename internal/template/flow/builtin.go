package flow

import (
	"slices"
	"strings"
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
	case "cd":
		return (*follower).chdir, true
	case "pushd":
		return func(f *follower, args []word, st *state) {
			f.chdir(args, st)
			f.setArray("DIRSTACK", f.valuesOf(args), false, st)
		}, true
	case "return":
		return func(f *follower, args []word, st *state) { f.leave(&st.frame.ends, args, st) }, true
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
		return func(f *follower, args []word, _ *state) { f.takenAs(name, args...) }, true
	case "shopt":
		return func(f *follower, args []word, st *state) {
			f.onlyOptions("shopt", args)
			for _, w := range args {
				st.last = st.last || w.text == "lastpipe"
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
	case "pwd", "dirs", "popd":
		return func(f *follower, _ []word, st *state) { f.print(f.lookup("PWD", st), st) }, true
	}
	return nil, false
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
	f.print(f.join(f.joined(args), text("\n")), st)
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
				f.execute(args[i+1:], st)
			}
			return
		case name == "exec" && t == "-a":
			i++
		case len(t) > 1 && t[0] == '-' && len(f.ids(t)) == 0:
		default:
			f.execute(args[i:], st)
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
