package flow

import (
	"slices"
	"strings"
)

// intoSinks follows the arguments >(…): the program writes there what it is given.
func (f *follower) intoSinks(list []word, st *state) {
	for _, w := range list {
		for _, id := range f.names.Tokens(w.text) {
			if s := f.sinks[id]; s != nil {
				f.into(*s, f.blend(f.given(list, st)), st)
			}
		}
		fd, is := deviceOf(strings.TrimPrefix(w.text, "of="))
		switch s, open := st.sinks[fd]; {
		case is && open:
			f.into(s, f.blend(f.given(list, st)), st)
		case is && fd == "1":
			f.print(f.blend(f.given(list, st)), st)
		}
	}
}

// wrapped follows the command that stands among the arguments of a program.
func (f *follower) wrapped(name string, p *Program, list []word, args []arg, st *state) {
	inner := st.copy()
	inner.out = text("")
	delete(inner.sinks, "1")
	if p.has("stdin", "args") {
		list = f.filledByInput(name, p, list, args, inner)
	} else if p.lists["fills"] != nil {
		list = f.filledByNames(list, args)
	}
	args = f.args(list)
	operands := p.operands(args)
	n := p.before()
	for n < len(operands) && p.lists["assigns"] != nil && strings.ContainsRune(list[operands[n]].text, '=') {
		f.environment(list[operands[n]].text, inner)
		n++
	}
	for i := range args {
		if v, used := optionValue(p.optionsOf("assigns"), args, i); used > 0 && strings.ContainsRune(v.text, '=') {
			f.environment(v.text, inner)
		}
		if v, used := optionValue(p.optionsOf("line"), args, i); used > 0 && p.lists["assigns"] != nil { // env -S
			f.execute(slices.Concat(f.split(v.text), list[min(i+used, len(list)):]), inner)
		}
	}
	behind := slices.IndexFunc(args, func(a arg) bool { return hasOption(p.optionsOf("runs"), []arg{a}) })
	shell := p.has("login", "") || hasOption(p.optionsOf("login"), args)
	switch {
	case p.has("runs", "any"):
		if p.lists["fills"] != nil {
			list = f.bared(list)
			args = f.args(list)
		}
		f.anywhere(name, p, list, args, inner)
		f.print(f.printed(name, p, list, args, st), st)
		return
	case behind >= 0:
		f.anywhere(name, p, list[behind:], args[behind:], inner)
		if behind+1 < len(list) {
			f.execute(f.upToEnd(list[behind+1:]), inner)
		}
	case len(p.optionsOf("runs")) > 0 && !p.has("runs", ""):
		f.print(f.printed(name, p, list, args, st), inner)
	case n < len(operands):
		rest := list[operands[n]:]
		inShell := name == "command" || name == "builtin" || name == "exec"
		if c, ok := f.literal(value{rest[0].text}); ok {
			f.named(c, rest[1:], inner, inShell)
		} else {
			f.execute(rest, inner)
		}
	case shell:
		f.inputCode(name, inner)
	case p.has("prints", "env"):
		f.print(f.variablesOf(inner, name), inner)
	case p.has("stdin", "args"):
		f.print(f.part(st.stdin, name), inner)
	}
	f.print(inner.out, st)
}

// environment follows NAME=VALUE among the arguments of env.
func (f *follower) environment(s string, st *state) {
	name, v, _ := strings.Cut(s, "=")
	f.sinkVariable(name, value{v}, st)
	st.vars[name] = variable{val: f.through(value{v}, "$"+name), exported: true}
}

// variablesOf is what a program prints that prints its environment.
func (f *follower) variablesOf(st *state, name string) value {
	return f.part(f.exported(st), name)
}

// anywhere follows a command that stands somewhere among the arguments.
func (f *follower) anywhere(name string, p *Program, list []word, args []arg, st *state) {
	entry := ""
	for i := range args {
		if v, used := optionValue(p.optionsOf("entry"), args, i); used > 0 {
			entry = v.text
		}
	}
	if q, ok := f.facts(baseName(entry)); ok && q.shell() != noShell {
		for i := range args {
			if isCodeFlag(args[i]) && i+1 < len(args) {
				f.codeOf(baseName(entry)+" -c", args[i+1:i+2], q.shell() == posixShell, st)
			}
		}
	}
	for i := range args {
		if t := args[i].text; (strings.HasPrefix(t, "-exec") || strings.HasPrefix(t, "-ok")) && i+1 < len(list) && p.lists["fills"] != nil {
			f.execute(f.upToEnd(list[i+1:]), st.copy())
		}
		if args[i].dynamic || len(args[i].ids) > 0 || args[i].text == "" || args[i].text[0] == '-' {
			continue
		}
		word := baseName(args[i].text)
		if q, ok := f.facts(word); ok && q.takesCode() && word != name {
			side := st.copy()
			f.program(word, f.upToEnd(list[i+1:]), side)
		}
	}
}

// upToEnd cuts the words at the ; or + that ends find -exec.
func (f *follower) upToEnd(list []word) []word {
	for i, w := range list {
		if w.text == ";" || w.text == "+" {
			return list[:i]
		}
	}
	return list
}

// filledByInput is a command of xargs with what it reads.
func (f *follower) filledByInput(name string, p *Program, list []word, args []arg, st *state) []word {
	for i := range args {
		if v, used := optionValue([]string{"-a", "--arg-file"}, args, i); used > 0 {
			if held := f.heldBy(value{v.text}, st); held != nil {
				st.stdin = held
			}
		}
	}
	input := f.part(st.stdin, name)
	words := f.inputWords(f.through(st.stdin, name), args)
	operands := p.operands(args)
	if len(operands) == 0 {
		return list
	}
	replace := ""
	for i := range args[:operands[0]] {
		t := args[i].text
		switch {
		case (t == "-I" || t == "-J") && i+1 < len(args):
			replace = f.withLiterals(args[i+1].text)
		case t == "-i" || t == "--replace":
			replace = "{}"
		case strings.HasPrefix(t, "--replace="):
			replace = f.withLiterals(t[len("--replace="):])
		case strings.HasPrefix(t, "-I"):
			replace = f.withLiterals(t[2:])
		}
	}
	out := slices.Clone(list)
	if !f.carries(input) {
		if replace != "" {
			return f.bared(list)
		}
		return list
	}
	if replace == "" {
		return append(out, words...)
	}
	out = f.bared(out)
	for i := operands[0]; i < len(out); i++ {
		out[i].text = strings.ReplaceAll(out[i].text, replace, input[0])
	}
	st.stdin = f.unknown()
	return out
}

// inputWords are the words that xargs makes of its input. With -n and the like, any of them may be the first.
func (f *follower) inputWords(input value, args []arg) []word {
	var words []word
	for _, s := range input {
		separator, given := "", hasOption([]string{"-0", "--null"}, args)
		if given {
			separator = "\x00"
		}
		for i := range args {
			if v, used := optionValue([]string{"-d", "--delimiter"}, args, i); used > 0 {
				separator, given = decoded(v.text), true
			}
		}
		if !given {
			words = append(words, f.split(s)...)
			continue
		}
		for part := range strings.SplitSeq(s, separator) {
			words = append(words, word{text: part, open: len(f.names.Tokens(part)) > 0})
		}
	}
	if len(input) > 1 || hasOption([]string{"-n", "-L", "-l", "--max-args", "--max-lines"}, args) {
		return []word{f.anyOf(words)}
	}
	return words
}

// bared are the words of a command in which a program replaces {}: also in items that are quoted for a shell, so that the
// quotes do not hold.
func (f *follower) bared(list []word) []word {
	out := slices.Clone(list)
	for i, w := range out {
		out[i].text = f.replaced(value{w.text}, func(m mark) mark { m.quoted = false; return m })[0]
	}
	return out
}

// filledByNames is a command of find with the names that it finds, which begin with its starting points.
func (f *follower) filledByNames(list []word, args []arg) []word {
	var starts value
	at := len(list)
	for i, a := range args {
		if strings.HasPrefix(a.text, "-exec") || strings.HasPrefix(a.text, "-ok") || a.text == "-x" || a.text == "-X" {
			at = i
			break
		}
		starts = append(starts, a.text)
	}
	if at == len(list) || !f.carries(starts) {
		return list
	}
	names := f.part(starts, "the names that it finds")
	out := slices.Clone(list)
	for i := at + 1; i < len(out); i++ {
		out[i].text = strings.ReplaceAll(out[i].text, "{}", names[0])
	}
	return out
}
