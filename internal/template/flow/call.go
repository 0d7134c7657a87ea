package flow

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call follows a simple command.
func (f *follower) call(c *syntax.CallExpr, st *state) {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			f.assignment(a, st)
		}
		return
	}
	ways := f.expand(c.Args, st)
	before := map[string]variable{}
	for _, a := range c.Assigns {
		if a.Name == nil {
			continue
		}
		name := a.Name.Value
		if _, ok := before[name]; !ok {
			before[name] = st.vars[name]
		}
		f.assignment(a, st)
		v := st.vars[name]
		v.exported = true
		st.vars[name] = v
	}
	f.executeAny(ways, st)
	for _, list := range ways {
		f.complain(f.valuesOf(list), st)
	}
	f.runHooks(st)
	for name, v := range before {
		switch {
		case special(ways): // in POSIX shells, the variable stays
			st.vars[name] = f.mergeVariable(st.vars[name], v)
		case v.val == nil && v.lists == nil:
			delete(st.vars, name)
		default:
			st.vars[name] = v
		}
	}
	last := text("")
	for _, list := range ways {
		if len(list) > 0 {
			last = f.either(last, value{list[len(list)-1].text})
		}
	}
	if !st.dead {
		st.vars["_"] = variable{val: f.through(last, "$_")}
	}
}

// special reports whether the command may be a special builtin of POSIX.
func special(ways [][]word) bool {
	names := []string{":", ".", "eval", "exec", "export", "readonly", "set", "shift", "times", "trap", "unset"}
	return slices.ContainsFunc(ways, func(list []word) bool { return len(list) > 0 && slices.Contains(names, list[0].text) })
}

// runHooks follows what traps run between commands.
func (f *follower) runHooks(st *state) {
	hooks := st.hooks
	st.hooks = nil
	for _, code := range hooks {
		side := st.copy()
		f.codeOf("trap", f.args([]word{{text: code[0]}}), true, side)
		f.merge(st, side)
	}
	st.hooks = hooks
}

// executeAny follows a command whose words may be one of several lists.
func (f *follower) executeAny(ways [][]word, st *state) {
	if len(ways) == 1 {
		f.execute(ways[0], st)
		return
	}
	var after *state
	for _, list := range ways {
		side := st.copy()
		f.execute(list, side)
		if after == nil {
			after = side
		} else {
			f.merge(after, side)
		}
	}
	if after != nil {
		*st = *after
	}
}

// execute follows a command by its words.
func (f *follower) execute(list []word, st *state) {
	if len(list) == 0 || f.spent() {
		return
	}
	name := list[0]
	if ids := f.ids(name.text); len(ids) > 0 {
		for _, s := range strings.Split(name.any, "\x00") {
			if s != "" && len(f.names.Tokens(s)) == 0 {
				f.named(s, list, st.copy(), true)
			}
		}
		if f.marks[ids[0]].several && name.open {
			f.findMark(ids[0], "the first item would be run as a command, with the others as its arguments", "write the command in the script")
			return
		}
		if name.split {
			f.findMark(ids[0], "the shell would run the item as a command", `write the command in the script, and the item as its argument: NAME "$x"`)
			return
		}
		f.unknownProgram(list, st)
		return
	}
	if name.open || len(f.names.Tokens(name.text)) > 0 {
		f.functionsLike(name.text, list[1:], st)
		f.unknownProgram(list, st)
		return
	}
	f.named(name.text, list[1:], st, true)
}

// functionsLike follows calls of all functions whose name may be this one, which is known only in part.
func (f *follower) functionsLike(name string, args []word, st *state) {
	if _, program, ok := strings.Cut(name, "/"); ok && program != "" {
		return
	}
	pattern := f.pattern(name)
	for _, other := range slices.Sorted(maps.Keys(st.funcs)) {
		if matches(pattern, other) && st.frame.calls(other) == 0 {
			side := st.copy()
			f.invokeAny(other, st.funcs[other], args, side)
			f.merge(st, side)
		}
	}
}

// named follows a command whose name is known. In the shell itself it may be a function or a builtin.
func (f *follower) named(name string, args []word, st *state, inShell bool) {
	if inShell {
		if alias, ok := st.aliases[name]; ok {
			for _, s := range alias {
				side := st.copy()
				f.execute(slices.Concat(f.split(s), args), side)
				st.out = f.either(st.out, side.out)
			}
		}
		if fn, ok := st.funcs[name]; ok && !f.passed {
			if f.invokeAny(name, fn, args, st); !fn.maybe {
				return
			}
		}
		f.passed = false
		if b, ok := f.builtin(name); ok {
			b(f, args, st)
			return
		}
	}
	f.program(baseName(name), args, st)
}

// Calls of a function within itself are followed so often with their own arguments, and so often at all.
const (
	deepestCall = 4
	deepest     = 6
)

// deepestFrames is how deep calls are followed. A script with more is refused.
const deepestFrames = 64

// invokeAny follows a call of a function that may have several bodies.
func (f *follower) invokeAny(name string, fn functions, args []word, st *state) {
	before := st.copy()
	for i, body := range fn.bodies {
		if i == 0 {
			f.invoke(name, body, args, st)
			continue
		}
		side := before.copy()
		f.invoke(name, body, args, side)
		f.merge(st, side)
	}
	if fn.maybe {
		f.merge(st, before)
	}
}

// calls is how often the function is being called.
func (fr *frame) calls(name string) (n int) {
	for ; fr != nil; fr = fr.caller {
		if fr.function == name {
			n++
		}
	}
	return n
}

// invoke follows a call of a function.
func (f *follower) invoke(name string, body *syntax.Stmt, args []word, st *state) {
	fr := &frame{function: name, depth: st.frame.depth + 1, caller: st.frame}
	switch n := st.frame.calls(name); {
	case fr.depth > deepestFrames:
		f.budget = 0
		return
	case n > deepest:
		f.give(args, name, st)
		return
	case n > deepestCall:
		args = []word{f.anyOf(args, st.params)}
	}
	outer, params := st.frame, st.params
	st.params = make([]word, len(args))
	for i, w := range args {
		st.params[i] = w
		st.params[i].text = f.through(value{w.text}, "$"+paramName(i, w)+" of "+name)[0]
	}
	st.frame = fr
	f.statement(body, st)
	exited := st.dead
	for _, end := range fr.ends {
		exited = false
		f.merge(st, end)
	}
	st.dead = exited && st.dead
	for name, v := range fr.saved {
		if v.val == nil && v.lists == nil {
			delete(st.vars, name)
		} else {
			st.vars[name] = v
		}
	}
	st.frame, st.params = outer, params
}

func paramName(i int, w word) string {
	if w.open || i > 8 {
		return "@"
	}
	return string(rune('1' + i))
}

// give is the output of something that may print all that it is given.
func (f *follower) give(args []word, name string, st *state) {
	all := st.stdin
	for _, w := range args {
		all = append(slices.Clone(all), w.text)
	}
	if f.carries(all) {
		st.out = f.join(st.out, f.part(all, name))
	}
}

// unknownProgram follows a command whose name is known only when it runs.
func (f *follower) unknownProgram(list []word, st *state) {
	args := f.args(list[1:])
	f.shellAnywhere(args, st)
	if at := codeIndex(args); at > 0 && at < len(args) {
		f.codeOf("a shell -c", args[at:at+1], false, st)
	}
	what := "a program named by a variable"
	f.print(f.maybe(f.given(list[1:], st), what), st)
}

// given is all that a program is given: arguments, input, and variables that hold an item.
func (f *follower) given(list []word, st *state) value {
	all := slices.Clone(st.stdin)
	for _, w := range list {
		all = append(all, w.text)
		all = append(all, f.heldBy(value{w.text}, st)...)
	}
	return append(all, f.exported(st)...)
}

// exported are the values of the variables of the environment that hold an item.
func (f *follower) exported(st *state) value {
	var all value
	for _, name := range slices.Sorted(maps.Keys(st.vars)) {
		if v := st.vars[name]; v.exported && f.carries(v.val) {
			all = append(all, v.val...)
		}
	}
	return all
}

// print adds to what has been printed. exec may have led standard output to a command.
func (f *follower) print(v value, st *state) {
	st.out = f.join(st.out, v)
	if s, ok := st.sinks["1"]; ok {
		side := st.copy()
		delete(side.sinks, "1")
		f.into(s, v, side)
	}
}

// program follows a program, which is not part of the shell.
func (f *follower) program(name string, list []word, st *state) {
	p, known := f.facts(name)
	if !known {
		p = &Program{}
	}
	if f.spend(5 * len(list)) {
		return
	}
	for _, w := range list {
		if head, _, ok := strings.Cut(w.text, "="); ok && st.keywords && head != "" && strings.IndexFunc(head, notInName) < 0 {
			f.environment(w.text, st)
		}
	}
	args := f.args(list)
	if operands := p.operands(args); len(operands) > 0 && len(args[operands[0]].ids) == 0 {
		at := operands[0]
		if sub := name + "/" + args[at].text; f.knows(sub) {
			f.configuration(name, p, args[:at], st)
			f.codeOptions(name, p, "code", args[:at], st)
			f.program(sub, list[at+1:], st)
			return
		}
	}
	name = strings.ReplaceAll(name, "/", " ")
	f.intoSinks(list, st)
	if handler, ok := st.funcs["command_not_found_handle"]; ok && !known {
		f.invokeAny("command_not_found_handle", handler, append([]word{{text: name}}, list...), st)
	}
	followed := f.check(name, p, args, st)
	if p.runs() {
		f.wrapped(name, p, list, args, st)
		return
	}
	if !followed {
		f.print(f.printed(name, p, list, args, st), st)
	}
}

func (f *follower) knows(name string) bool {
	_, ok := f.facts(name)
	return ok
}
