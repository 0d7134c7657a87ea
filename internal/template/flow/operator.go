package flow

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// operator is what the operator of ${x…} makes of a value.
func (f *follower) operator(p *syntax.ParamExp, v value, st *state) value {
	if p.Repl != nil {
		return f.replacement(p, v, st)
	}
	if p.Exp != nil {
		return f.operated(p, v, st)
	}
	return v
}

// replacement is the value of ${x/a/b}.
func (f *follower) replacement(p *syntax.ParamExp, v value, st *state) value {
	with := f.single(p.Repl.With, st)
	if p.Repl.Orig != nil {
		f.single(p.Repl.Orig, st)
		if p.Repl.All && leavesDigits(p.Repl.Orig.Lit()) && (p.Repl.With == nil || len(p.Repl.With.Parts) == 0) {
			return f.unknown()
		}
	}
	if old := f.single(p.Repl.Orig, st); len(old) == 1 && old[0] != "" && len(f.names.Tokens(old[0])) == 0 && !strings.ContainsAny(old[0], "*?[\\") && (p.Repl.All || !strings.ContainsAny(old[0][:1], "#%")) {
		out := value{}
		for _, s := range v {
			if len(f.names.Tokens(s)) > 0 {
				return f.part(f.either(v, with), "")
			}
			n := 1
			if p.Repl.All {
				n = -1
			}
			for _, new := range with {
				out = f.either(out, value{strings.Replace(s, old[0], new, n)})
			}
		}
		return out
	}
	return f.part(f.either(v, with), "")
}

// leavesDigits recognises [!0-9] and the like, of which only digits and signs are left.
func leavesDigits(class string) bool {
	class = strings.NewReplacer("[:digit:]", "", "0-9", "").Replace(class)
	return (strings.HasPrefix(class, "[!") || strings.HasPrefix(class, "[^")) && strings.HasSuffix(class, "]") && strings.Trim(class[2:len(class)-1], ".,+-_: ") == ""
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
		if p.Excl {
			for _, name := range f.lookup(p.Param.Value, st) {
				f.assign(name, w, st)
			}
			return f.either(v, w)
		}
		if _, set := st.vars[p.Param.Value]; set {
			w = f.either(v, w)
		}
		f.assign(p.Param.Value, w, st)
		return w
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		return v
	case syntax.OtherParamOps:
		switch p.Exp.Word.Lit() {
		case "Q", "K":
			return f.quote(v)
		case "A":
			return f.join(text(p.Param.Value+"="), f.quote(v))
		case "P":
			for _, s := range v {
				if len(f.ids(s)) == 0 {
					f.expansions(s, st)
				}
			}
			f.sinkCode(v, "${"+p.Param.Value+"@P}")
			return f.part(v, "")
		case "a":
			return f.unknown()
		}
	}
	if exact, ok := f.exactly(p, v, w); ok {
		return exact
	}
	return f.part(v, "")
}

// exactly is the value of ${x OPERATOR word} for texts that stand in the script.
func (f *follower) exactly(p *syntax.ParamExp, v, w value) (out value, ok bool) {
	pattern, plain := f.literal(w)
	star := strings.HasSuffix(pattern, "*") && len(pattern) > 1
	pattern = strings.TrimSuffix(pattern, "*")
	if len(f.idsOf(v)) > 0 || !plain || strings.ContainsAny(pattern, "*?[\\") {
		return nil, false
	}
	for _, s := range v {
		if len(f.names.Tokens(s)) > 0 {
			return nil, false
		}
		switch op := p.Exp.Op; {
		case star && op == syntax.RemLargeSuffix:
			s, _, _ = strings.Cut(s, pattern)
			out = append(out, s)
			continue
		case star && op == syntax.RemSmallSuffix:
			if i := strings.LastIndex(s, pattern); i >= 0 {
				s = s[:i]
			}
			out = append(out, s)
			continue
		case star:
			return nil, false
		}
		switch p.Exp.Op {
		case syntax.RemSmallPrefix, syntax.RemLargePrefix:
			s = strings.TrimPrefix(s, pattern)
		case syntax.RemSmallSuffix, syntax.RemLargeSuffix:
			s = strings.TrimSuffix(s, pattern)
		case syntax.LowerAll:
			s = strings.ToLower(s)
		case syntax.UpperAll:
			s = strings.ToUpper(s)
		default:
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
