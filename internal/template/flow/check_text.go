package flow

import (
	"slices"
	"strconv"
	"strings"
)

// ownInput checks what a program reads as code: its standard input, or a file that holds the program.
func (f *follower) ownInput(name string, p *Program, args []arg, st *state) {
	operands := slices.DeleteFunc(p.operands(args), func(i int) bool { return args[i].text == "-" })
	files, named := p.valuesOf("file", p.own(args))
	_, written := p.valuesOf("text", p.own(args))
	var ids []int
	for _, entry := range p.lists["stdin"] {
		kind, count, _ := strings.Cut(entry, ":")
		most, _ := strconv.Atoi(count)
		switch {
		case kind == "code" && len(operands) <= most && !p.has("code", "remote"):
			f.inputCode(name, st)
		case kind == "code" && len(operands) > 0:
			if held := f.heldBy(value{args[operands[0]].text}, st); held != nil {
				side := st.copy()
				side.stdin = held
				f.inputCode(name, side)
			}
		case kind == "text" && !written && !named && len(operands) <= most:
			ids = append(ids, f.idsOf(st.stdin)...)
		case kind == "text" && !written && !named && len(operands) > 0:
			files = append(files, args[operands[0]])
		}
	}
	for _, file := range files {
		if file.text == "-" {
			ids = append(ids, f.idsOf(st.stdin)...)
		}
		ids = append(ids, f.idsOf(f.heldBy(value{file.text}, st))...)
	}
	if len(ids) > 0 {
		f.warnText(ids[0], name)
	}
}

// warnText warns of an item in a program of another language.
func (f *follower) warnText(id int, name string) {
	for _, o := range f.marks[id].origins {
		f.find(o, true, "the item becomes part of the program of "+name+", and some items will break it",
			"pass it as an argument or in a variable, or write {{}} for a literal {}")
		return
	}
}

// codeText lists the arguments that hold a program in a language of the program's own.
func (f *follower) codeText(p *Program, args []arg) []arg {
	if p.lists["text"] == nil {
		return nil
	}
	out, _ := p.valuesOf("text", p.own(args))
	operands := p.operands(args)
	named := hasOption(p.optionsOf("file"), p.own(args))
	for n, i := range operands {
		switch {
		case p.has("text", "all"), p.has("text", "assign") && strings.ContainsRune(args[i].text, '='):
			out = append(out, args[i])
		case i > 0 && slices.Contains(p.words("text", "after:"), args[i-1].text):
			out = append(out, args[i])
		case len(out) > 0 || named:
		case n == 0 && p.has("text", "first"), n == 1 && p.has("text", "second"):
			return append(out, args[i])
		}
	}
	return out
}

// ownLanguage warns of items in the program of another language.
func (f *follower) ownLanguage(name string, p *Program, args []arg) {
	for _, a := range f.codeText(p, args) {
		if len(a.ids) > 0 {
			f.warnText(a.ids[0], name)
		}
	}
}

// braces warns if {} is meant for find or xargs.
func (f *follower) braces(name string, args []arg) {
	if name != "find" && name != "xargs" || f.nested != "" {
		return
	}
	exec, mine, others := false, -1, false
	for i, a := range args {
		bare := len(a.ids) == 1 && a.ids[0] < f.tokens && a.text == f.names.Token(a.ids[0])
		switch {
		case strings.HasPrefix(a.text, "-exec") || strings.HasPrefix(a.text, "-ok"):
			exec, mine, others = true, -1, false
		case a.text == ";" || a.text == "+":
			if exec && mine >= 0 && !others {
				f.find(origin{token: mine}, true, "this is the item, not a file that find finds", "write {{}} for the file")
			}
			exec = false
		case len(a.ids) == 1 && a.ids[0] < f.tokens && (strings.HasPrefix(a.text, "-I") || bare && i > 0 && args[i-1].text == "-I"):
			f.find(origin{token: a.ids[0]}, true, "xargs replaces the item here", "write {{}} for the {} of xargs, or another name such as %")
		case exec && a.text == "{}":
			others = true
		case bare && f.wholeItem(a.ids[0]) && mine < 0:
			mine = a.ids[0]
		}
	}
}

// wholeItem reports whether the token was written as {}.
func (f *follower) wholeItem(id int) bool { return f.sourceOf(id) == "{}" }
