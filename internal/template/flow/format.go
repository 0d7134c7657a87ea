package flow

import (
	"strings"
)

// printf follows the builtin: -v names a variable, and an item as the format could be -va[…].
func (f *follower) printf(list []word, st *state) {
	variable := ""
	args := f.args(list)
	for i := 0; i < len(args); i++ {
		a := args[i]
		if strings.HasPrefix(a.text, "-v") {
			name := a.text[2:]
			ids := a.ids
			if name == "" && i+1 < len(args) {
				i++
				name, ids = args[i].text, append(ids, args[i].ids...)
			}
			if len(ids) > 0 {
				f.findMark(ids[0], "the item cannot name a variable", "write the name in the script")
				return
			}
			variable = name
			continue
		}
		if a.text == "--" {
			list, args = list[i+1:], args[i+1:]
		} else {
			if f.leads(a) {
				f.findMark(a.ids[0], "an item that begins with - would be an option of printf", `write printf '%s\n' {}`)
			}
			list, args = list[i:], args[i:]
		}
		break
	}
	if len(args) == 0 {
		return
	}
	if len(args[0].ids) > 0 && !f.leads(args[0]) {
		m := f.marks[args[0].ids[0]]
		if len(m.origins) > 0 && m.origins[0].way == nil {
			f.find(m.origins[0], true, "the item becomes part of the format of printf, where % and \\ have a meaning", `write printf '... %s\n' {}`)
		}
	}
	out := f.formatted(list)
	if variable != "" {
		f.assign(variable, out, st)
		return
	}
	f.print(out, st)
}

// leads reports whether a word begins with an item, or may.
func (f *follower) leads(a arg) bool {
	start, _, _, id, ok := f.names.Next(a.text)
	return len(a.ids) > 0 && ok && start == 0 && (f.marks[id].data() || a.dynamic)
}

// formatted is what printf makes of its format and arguments.
func (f *follower) formatted(list []word) value {
	format, args := list[0].text, list[1:]
	var out value
	open := false
	for _, w := range list {
		open = open || w.open
	}
	if open || len(f.names.Tokens(format)) > 0 {
		return f.loosely(format, list)
	}
	out = text("")
	for round := 0; round == 0 || len(args) > 0; round++ {
		used := 0
		rest := format
		for rest != "" {
			at := strings.IndexByte(rest, '%')
			if at < 0 {
				out = f.join(out, text(decoded(rest)))
				break
			}
			out = f.join(out, text(decoded(rest[:at])))
			rest = rest[at+1:]
			n := len(rest) - len(strings.TrimLeft(rest, "-+ #0123456789.'*hlLjzt"))
			if strings.Contains(rest[:n], "*") || n >= len(rest) {
				return f.loosely(format, list)
			}
			verb := rest[n]
			spec := rest[:n]
			rest = rest[n+1:]
			if verb == '%' {
				out = f.join(out, text("%"))
				continue
			}
			if verb == '(' {
				rest = rest[strings.IndexByte(rest, ')')+1:]
				verb = 'd'
				rest = strings.TrimPrefix(rest, "T")
			}
			v := text("")
			if used < len(args) {
				v = value{args[used].text}
			}
			used++
			out = f.join(out, f.verb(verb, spec, v))
		}
		if used == 0 {
			break
		}
		args = args[min(used, len(args)):]
	}
	return out
}

// verb is what a conversion of printf makes of a value.
func (f *follower) verb(verb byte, spec string, v value) value {
	switch verb {
	case 's':
		if strings.Contains(spec, ".") {
			return f.part(v, "")
		}
		return v
	case 'q', 'Q':
		return f.quote(v)
	case 'd', 'i', 'o', 'u', 'x', 'X', 'e', 'f', 'g', 'E', 'G', 'F', 'a', 'A':
		if f.calculates() {
			for _, id := range f.idsOf(v) {
				f.calculated(id)
			}
		}
		return f.unknown()
	}
	if !f.carries(v) {
		return v
	}
	return f.part(v, "")
}

// loosely is the output of printf when its format or the number of its arguments is not known.
func (f *follower) loosely(format string, list []word) value {
	verbs := strings.NewReplacer("%%", "", `\n`, "", "\n", "").Replace(format)
	if strings.Contains(verbs, "%q") && !strings.Contains(verbs, "%s") && !strings.Contains(verbs, "%b") && len(f.names.Tokens(format)) == 0 {
		v := f.valuesOf(list[1:])
		if f.carries(v) {
			return value{f.intern(mark{origins: f.originsOf(nil, v), quoted: true, several: true})}
		}
	}
	return f.part(f.valuesOf(list), "printf")
}
