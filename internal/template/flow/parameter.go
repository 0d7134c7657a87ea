package flow

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// parameter is the value of ${x…}.
func (f *follower) parameter(p *syntax.ParamExp, st *state) value {
	if p.Param == nil {
		return f.unknown()
	}
	name := p.Param.Value
	if p.Slice != nil {
		f.sliceNumbers(p.Slice, st)
	}
	if p.Index != nil && !isAll(p.Index) && !f.isAssoc(name, st) {
		f.arithmetic(p.Index, st)
	} else if p.Index != nil && !isAll(p.Index) {
		f.key(p.Index, st)
	}
	switch {
	case p.Excl && p.Index != nil && isAll(p.Index) && len(st.vars[f.target(name, st)].keys) > 0:
		return st.vars[f.target(name, st)].keys
	case p.Names != 0:
		return f.namesLike(name, st)
	case p.Length || p.Excl && p.Index != nil && isAll(p.Index):
		return f.unknown()
	}
	v := value(nil)
	if p.Excl {
		v = f.indirect(name, p, st)
	} else {
		v = f.element(name, p, st)
	}
	if p.Slice != nil && name != "@" && name != "*" {
		v = f.part(v, "")
	}
	return f.operator(p, v, st)
}

// namesLike is ${!x*}: the names of variables that begin so.
func (f *follower) namesLike(prefix string, st *state) value {
	v := f.unknown()
	for _, name := range slices.Sorted(maps.Keys(st.vars)) {
		if strings.HasPrefix(name, prefix) {
			v = append(v, name)
		}
	}
	return v
}

// sliceNumbers follows ${x:OFFSET:LENGTH}.
func (f *follower) sliceNumbers(s *syntax.Slice, st *state) {
	f.optional(s.Offset, st)
	f.optional(s.Length, st)
}

// key follows the subscript of an associative array, which is text.
func (f *follower) key(x syntax.ArithmExpr, st *state) {
	if w, ok := x.(*syntax.Word); ok {
		f.single(w, st)
	}
}

func (f *follower) isAssoc(name string, st *state) bool { return st.vars[f.target(name, st)].assoc }

// element is the value of a variable, or of an element of it.
func (f *follower) element(name string, p *syntax.ParamExp, st *state) value {
	if p.Slice != nil && (name == "@" || name == "*") {
		lists := f.listOf(&syntax.ParamExp{Param: p.Param, Slice: p.Slice}, st)
		return f.joined(lists...)
	}
	v, known := st.vars[f.target(name, st)]
	if !known || v.lists == nil || isParameter(name) {
		return f.lookup(name, st)
	}
	at := 0
	if p.Index != nil {
		w, ok := p.Index.(*syntax.Word)
		if !ok {
			return f.joined(v.lists...)
		}
		n, err := strconv.Atoi(w.Lit())
		if err != nil || n < 0 || v.assoc {
			if isAll(p.Index) || len(v.lists) == 0 {
				return f.joined(v.lists...)
			}
			return f.anyTexts(v.lists...)
		}
		at = n
	}
	var out value
	for _, list := range v.lists {
		if at >= len(list) || slices.ContainsFunc(list[:at+1], func(w word) bool { return w.open }) {
			out = f.either(out, f.anyTexts(list))
		} else {
			out = f.either(out, value{list[at].text})
		}
	}
	return out
}

// anyTexts is the value that is the text of any of the words.
func (f *follower) anyTexts(lists ...[]word) value {
	w := f.anyOf(lists...)
	if w.any == "" {
		return value{w.text}
	}
	return f.limited(strings.Split(w.any, "\x00"))
}

// joined is the value of "${a[*]}".
func (f *follower) joined(lists ...[]word) value {
	out := value{}
	for _, list := range lists {
		v := text("")
		for i, w := range list {
			if i > 0 {
				v = f.join(v, text(" "))
			}
			v = f.join(v, value{w.text})
		}
		out = f.either(out, v)
	}
	if len(out) == 0 {
		return text("")
	}
	return out
}

func isParameter(name string) bool { return strings.Trim(name, "0123456789@*") == "" }

// target is the variable that a name means: with declare -n it is another one.
func (f *follower) target(name string, st *state) string {
	for range 8 {
		v, ok := st.vars[name]
		if !ok || !v.ref {
			return name
		}
		to, ok := f.literal(v.val)
		if !ok || to == "" {
			return name
		}
		name = to
	}
	return name
}

// lookup is the value of a variable or a parameter.
func (f *follower) lookup(name string, st *state) value {
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		return f.argument(n, st)
	}
	switch name {
	case "@", "*":
		return f.joined(st.params)
	case "0":
		return st.zero
	case "BASH_ARGV", "BASH_ARGC":
		return f.either(f.anyTexts(st.params), f.environ[""])
	case "#", "?", "$", "!", "-":
		return f.unknown()
	}
	if strings.Contains(name, f.names.Prefix) {
		return f.lookupLike(name, st)
	}
	if st.partly {
		return f.either(f.lookupLike(name, st), f.lookupKnown(name, st))
	}
	return f.lookupKnown(name, st)
}

// lookupKnown is the value of the variable of that name.
func (f *follower) lookupKnown(name string, st *state) value {
	if v := st.vars[name]; v.ref && len(v.val) > 1 { // it may mean several
		out := f.unknown()
		for _, s := range v.val {
			if len(f.names.Tokens(s)) == 0 && s != name {
				out = f.either(out, f.lookup(s, st))
			}
		}
		return out
	}
	if name = f.target(name, st); strings.ContainsRune(name, '[') {
		return f.named1(name, st)
	}
	if v, ok := st.vars[name]; ok {
		if v.lists != nil {
			return f.element(name, &syntax.ParamExp{Param: &syntax.Lit{Value: name}}, st)
		}
		return v.val
	}
	return f.initial(name)
}

// lookupLike is the value of a variable whose name is known only in part: of any that may be it.
func (f *follower) lookupLike(name string, st *state) value {
	out := f.unknown()
	pattern := f.pattern(name)
	for _, other := range slices.Sorted(maps.Keys(st.vars)) {
		if v := st.vars[other]; matches(pattern, other) || strings.Contains(other, f.names.Prefix) && matches(f.pattern(other), name) {
			out = f.either(out, v.val)
			if v.lists != nil {
				out = f.either(out, f.anyTexts(v.lists...))
			}
		}
	}
	return out
}

// pattern is a text with a star for each mark in it.
func (f *follower) pattern(s string) string {
	var b strings.Builder
	f.names.Split(s, func(lit string) { b.WriteString(lit) }, func(byte, int) { b.WriteByte('*') })
	return b.String()
}

// argument is the value of $n.
func (f *follower) argument(n int, st *state) value {
	for i, w := range st.params {
		if w.open {
			return f.one(f.anyTexts(st.params[i:]))
		}
		if i == n-1 {
			return f.one(value{w.text})
		}
	}
	return text("")
}

// initial is the value of a variable that the script has not set: one of the environment, or a number of the shell's.
func (f *follower) initial(name string) value {
	if v, ok := f.environ[name]; ok {
		return v
	}
	if fact := f.variableFact(name); fact != "" {
		if program, is := strings.CutPrefix(fact, "program "); is {
			return text(program)
		}
		if fact == "shell" {
			return text("sh")
		}
	}
	return f.unknown()
}

// indirect is the value of ${!x}.
func (f *follower) indirect(name string, p *syntax.ParamExp, st *state) value {
	if name == "#" { // the last parameter
		if len(st.params) == 0 {
			return text("")
		}
		if last := st.params[len(st.params)-1]; !last.open {
			return value{last.text}
		}
		return value{f.anyOf(st.params).text}
	}
	v := f.element(name, p, st)
	f.sinkName(v, "${!"+name+"}")
	out := value{}
	for _, s := range v {
		switch {
		case len(f.names.Tokens(s)) == 0 && s != "":
			out = f.either(out, f.named1(s, st))
		case !f.carries(value{s}): // any of the parameters, as in ${!i}
			out = f.either(out, f.anyTexts(st.params))
		}
	}
	if len(out) == 0 {
		return f.unknown()
	}
	return out
}

// named1 is the value of a variable or an element by its name.
func (f *follower) named1(name string, st *state) value {
	variable, _, element := strings.Cut(name, "[")
	if v := st.vars[f.target(variable, st)]; element && v.lists != nil {
		return f.joined(v.lists...)
	}
	return f.lookup(variable, st)
}
