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
	if f.executeAny(ways, st); f.messages > 0 {
		for _, list := range ways {
			f.complain(f.valuesOf(list), st)
		}
	}
	for name, v := range before {
		if v.val == nil && v.lists == nil {
			delete(st.vars, name)
		} else {
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
		f.unknownProgram(list, st)
		return
	}
	f.named(name.text, list[1:], st, true)
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
		if body, ok := st.funcs[name]; ok {
			f.invoke(name, body, args, st)
			return
		}
		if b, ok := f.builtin(name); ok {
			b(f, args, st)
			return
		}
	}
	f.program(baseName(name), args, st)
}

// deepestCall is how deep calls of functions are followed with their own arguments.
const deepestCall = 12

// invoke follows a call of a function.
func (f *follower) invoke(name string, body *syntax.Stmt, args []word, st *state) {
	fr := &frame{function: name, depth: st.frame.depth + 1}
	if fr.depth > deepestCall {
		if fr.depth > deepestCall+2 {
			f.give(args, name, st)
			return
		}
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
	if s, ok := st.sinks["1"]; ok && f.carries(v) {
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
	args := f.args(list)
	if operands := p.operands(args); len(operands) > 0 && len(args[operands[0]].ids) == 0 {
		at := operands[0]
		if sub := name + "/" + args[at].text; f.knows(sub) {
			f.configuration(name, p, args[:at])
			f.codeOptions(name, p, "code", args[:at], st)
			f.program(sub, list[at+1:], st)
			return
		}
	}
	name = strings.ReplaceAll(name, "/", " ")
	f.intoSinks(list, st)
	if handler, ok := st.funcs["command_not_found_handle"]; ok && !known {
		f.invoke("command_not_found_handle", handler, append([]word{{text: name}}, list...), st)
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
