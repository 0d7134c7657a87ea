package flow

import (
	"maps"
	"slices"
	"strings"
)

func (f *follower) set(args []word, st *state) {
	if len(args) == 0 {
		f.printVariables(st)
	}
	for i, w := range args {
		if w.text == "--" {
			st.params = f.stepped(args[i+1:])
			return
		}
		if len(w.text) > 0 && (w.text[0] == '-' || w.text[0] == '+') && len(f.ids(w.text)) == 0 {
			st.keywords = st.keywords || isFlags(w.text) && strings.ContainsRune(w.text, 'k')
			if isFlags(w.text) && strings.ContainsRune(w.text, 'a') {
				st.exports = w.text[0] == '-'
			}
			continue
		}
		if i > 0 && strings.HasSuffix(args[i-1].text, "o") {
			st.exports = st.exports || w.text == "allexport"
			st.keywords = st.keywords || w.text == "keyword"
			continue
		}
		f.onlyOptions("set", args[i:])
		st.params = f.stepped(args[i:])
		return
	}
}

// printVariables follows set and declare -p, which print variables as code that sets them again.
func (f *follower) printVariables(st *state) {
	for _, name := range slices.Sorted(maps.Keys(st.vars)) {
		v := st.vars[name]
		all := slices.Clone(v.val)
		for _, list := range v.lists {
			all = append(all, f.valuesOf(list)...)
		}
		if f.carries(all) {
			f.print(f.join(f.join(text("declare -- "+name+"="), f.quote(all)), text("\n")), st)
		}
	}
}

// stepped are words that become parameters.
func (f *follower) stepped(args []word) []word {
	out := slices.Clone(args)
	for i, w := range out {
		out[i].text = f.through(value{w.text}, "$"+paramName(i, w))[0]
	}
	return out
}

// onlyOptions refuses items among the options of set and shopt.
func (f *follower) onlyOptions(name string, args []word) {
	for _, id := range idsIn(f.args(args)) {
		f.findMark(id, "the item would become an option of "+name, "write set -- {}")
		return
	}
}

func (f *follower) shift(args []word, st *state) {
	f.calculate(args, st)
	n := 1
	if len(args) > 0 {
		if v, ok := f.literal(value{args[0].text}); ok && len(v) == 1 && v[0] >= '0' && v[0] <= '9' {
			n = int(v[0] - '0')
		} else {
			n = -1
		}
	}
	if n < 0 || n > len(st.params) || slices.ContainsFunc(st.params[:n], func(w word) bool { return w.open }) {
		if len(st.params) > 0 {
			st.params = []word{f.anyOf(st.params)}
		}
		return
	}
	st.params = st.params[n:]
}

func (f *follower) trap(args []word, st *state) {
	if len(args) == 0 {
		return
	}
	for _, w := range args {
		if ids := f.ids(w.text); len(ids) > 0 {
			if slices.ContainsFunc(ids, func(id int) bool { return !f.marks[id].quoted }) {
				f.takenAs("trap", w)
				return
			}
		}
	}
	if args[0].text == "--" {
		args = args[1:]
	}
	if len(args) == 0 || args[0].text == "" || args[0].text[0] == '-' {
		return
	}
	code := value{args[0].text}
	f.traps = append(f.traps, code)
	side := st.copy()
	side.exit, side.hooks = nil, nil
	f.codeOf("trap", f.args(args[:1]), true, side)
	for _, w := range args[1:] {
		switch strings.TrimPrefix(strings.ToUpper(w.text), "SIG") {
		case "EXIT", "0":
			st.exit = code
		case "DEBUG", "ERR", "RETURN":
			st.hooks = append(slices.Clone(st.hooks), code)
			f.merge(st, side)
		}
	}
}

func (f *follower) alias(args []word, st *state) {
	for _, w := range args {
		if len(f.ids(w.text)) > 0 {
			f.takenAs("alias", w)
			return
		}
		if name, v, ok := strings.Cut(w.text, "="); ok {
			st.aliases[name] = text(v)
		}
	}
}

// calculates reports whether the builtins of the shell calculate with their numbers, as those of zsh and of the Korn
// shells do: [ X -eq 1 ], printf %d X, exit X.
func (f *follower) calculates() bool {
	return !slices.Contains([]string{"", "bash", "sh", "dash", "ash", "rbash", "posh", "busybox"}, f.shellIs)
}

// calculate is the end of arguments of a builtin that such a shell calculates with.
func (f *follower) calculate(args []word, st *state) {
	if !f.calculates() {
		return
	}
	for _, w := range args {
		f.sinkArithmetic(value{w.text}, st, 1)
	}
}

// leave follows return and exit. ends are where a function returns; nil: the shell ends.
func (f *follower) leave(ends *[]*state, args []word, st *state) {
	f.calculate(args, st)
	if ends != nil {
		*ends = append(*ends, st.copy())
	}
	st.dead = true
}

// declareWords follows declare behind command or builtin, whose arguments are words.
func (f *follower) declareWords(name string, args []word, st *state) {
	integer := false
	if !slices.ContainsFunc(args, func(w word) bool { return w.text == "" || w.text[0] != '-' }) || len(args) > 0 && args[0].text == "-p" {
		f.printVariables(st)
	}
	for _, w := range args {
		if len(w.text) > 0 && w.text[0] == '-' && len(f.ids(w.text)) == 0 {
			integer = integer || strings.ContainsRune(w.text, 'i')
			continue
		}
		f.declared(name, value{w.text}, st)
		if variable, v, ok := strings.Cut(w.text, "="); ok && integer {
			_ = variable
			f.sinkArithmetic(value{v}, st, 1)
		} else if ok && len(f.ids(v)) > 0 {
			f.takenAs(name, w)
		}
	}
}

// unset follows unset of one name. A local variable uncovers the one that it hid.
func (f *follower) unset(name string, function bool, st *state) {
	if _, is := st.funcs[name]; is && (function || st.vars[name].val == nil && st.vars[name].lists == nil) {
		delete(st.funcs, name)
		return
	}
	if i := strings.IndexByte(name, '['); i > 0 {
		if v := st.vars[name[:i]]; v.lists != nil {
			v.lists = [][]word{{f.anyOf(v.lists...)}}
			st.vars[name[:i]] = v
		}
		return
	}
	name = f.target(name, st)
	v, known := st.vars[name]
	if function || !known || v.readonly || len(f.names.Tokens(name)) > 0 {
		return
	}
	delete(st.vars, name)
	for fr := st.frame; fr != nil; fr = fr.caller {
		if hidden, ok := fr.saved[name]; ok && (hidden.val != nil || hidden.lists != nil) {
			if now, ok := st.vars[name]; ok {
				hidden = f.mergeVariable(now, hidden)
			}
			st.vars[name] = hidden
		}
	}
}

// named2 follows unset, let and wait.
func (f *follower) named2(name string, args []word, st *state) {
	for i, w := range args {
		if name == "wait" && !(i > 0 && args[i-1].text == "-p") && f.nested == "" && len(f.ids(w.text)) == 0 {
			continue
		}
		if name == "let" {
			f.arithmeticText(w.text, st, true, 0)
		}
		f.takenAs(name, w)
		if name == "unset" {
			f.unset(w.text, i > 0 && args[i-1].text == "-f", st)
		}
	}
}
