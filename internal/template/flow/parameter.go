package flow

import (
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
		return f.blend(st.vars[f.target(name, st)].keys)
	case p.Length || p.Names != 0 || p.Excl && p.Index != nil && isAll(p.Index):
		return f.unknown()
	case p.Excl:
		return f.indirect(name, p, st)
	}
	v := f.element(name, p, st)
	if p.Slice != nil && name != "@" && name != "*" {
		v = f.part(v, "")
	}
	if p.Repl != nil {
		return f.replacement(p, v, st)
	}
	if p.Exp != nil {
		return f.operated(p, v, st)
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
			return value{f.anyOf(v.lists...).text}
		}
		at = n
	}
	var out value
	for _, list := range v.lists {
		if at >= len(list) || slices.ContainsFunc(list[:at+1], func(w word) bool { return w.open }) {
			out = f.either(out, value{f.anyOf(list).text})
		} else {
			out = f.either(out, value{list[at].text})
		}
	}
	return out
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
	case "#", "?", "$", "!", "-":
		return f.unknown()
	}
	name = f.target(name, st)
	if v, ok := st.vars[name]; ok {
		if v.lists != nil {
			return f.element(name, &syntax.ParamExp{Param: &syntax.Lit{Value: name}}, st)
		}
		return v.val
	}
	return f.initial(name)
}

// argument is the value of $n.
func (f *follower) argument(n int, st *state) value {
	for i, w := range st.params {
		if w.open {
			return f.one(value{f.anyOf(st.params[i:]).text})
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
			variable, _, _ := strings.Cut(s, "[")
			out = f.either(out, f.lookup(variable, st))
		case !f.carries(value{s}): // any of the parameters, as in ${!i}
			out = f.either(out, value{f.anyOf(st.params).text})
		}
	}
	if len(out) == 0 {
		return f.unknown()
	}
	return out
}

// replacement is the value of ${x/a/b}.
func (f *follower) replacement(p *syntax.ParamExp, v value, st *state) value {
	with := f.single(p.Repl.With, st)
	if p.Repl.Orig != nil {
		f.single(p.Repl.Orig, st)
		onlyDigits := []string{"[!0-9]", "[^0-9]", "[![:digit:]]", "[^[:digit:]]"}
		if p.Repl.All && slices.Contains(onlyDigits, p.Repl.Orig.Lit()) && (p.Repl.With == nil || len(p.Repl.With.Parts) == 0) {
			return f.unknown()
		}
	}
	if !f.carries(v) && !f.carries(with) {
		return f.unknown()
	}
	return f.part(f.either(v, with), "")
}

// operated is the value of ${x OPERATOR word}.
func (f *follower) operated(p *syntax.ParamExp, v value, st *state) value {
	w := f.single(p.Exp.Word, st)
	switch p.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		return f.either(text(""), w)
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		if _, set := st.vars[p.Param.Value]; !set && !isParameter(p.Param.Value) {
			return w
		}
		return f.either(v, w)
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		if _, set := st.vars[p.Param.Value]; set {
			w = f.either(v, w)
		}
		f.assign(p.Param.Value, w, st)
		return w
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		return v
	case syntax.OtherParamOps:
		switch p.Exp.Word.Lit() {
		case "Q", "A", "K", "k":
			return f.quote(v)
		case "P":
			f.sinkCode(v, "${"+p.Param.Value+"@P}")
			return f.part(v, "")
		case "a":
			return f.unknown()
		}
	}
	return f.part(v, "")
}
