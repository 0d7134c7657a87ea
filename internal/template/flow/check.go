package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// check refuses items in the code that a program gets, and warns of items in programs of other languages. It reports
// whether the code was followed, so that what it prints is known.
func (f *follower) check(name string, p *Program, args []arg, st *state) (followed bool) {
	own := p.own(args)
	f.cut(name, p, own)
	f.braces(name, args)
	f.ownLanguage(name, p, args)
	f.configuration(name, p, own, st)
	f.assigned(p, own, st)
	switch {
	case p.has("code", "all") && !hasOption(p.optionsOf("file"), own):
		f.codeInChild(name, f.operandsOf(p, args), p.shell() != otherShell, nil, st)
	case p.shell() != noShell:
		followed = f.shell(name, p, args, st)
	case p.has("code", "remote"):
		followed = f.remote(name, p, args, st)
	case p.has("code", "some"):
		for _, id := range idsIn(args) {
			hint := `use ssh instead: ssh HOST "wc {:q}"`
			if name == "tmux" || name == "screen" {
				hint = "write a command without an item"
			}
			f.findMark(id, name+" would take the item as code", hint)
		}
	case p.has("code", "template"):
		f.template(name, p, args, st)
	}
	if p.shell() == noShell {
		f.codeOptions(name, p, "code", own, st)
	}
	f.codeOptions(name, p, "line", own, st)
	for i, a := range args {
		if slices.ContainsFunc(p.words("code", "after:"), func(w string) bool { return len(a.ids) == 0 && like(w, a) }) {
			f.codeInChild(name+" "+a.text, args[i+1:], p.shell() != otherShell, nil, st)
			break
		}
	}
	optional := len(p.optionsOf("runs")) > 0 && !hasOption(p.optionsOf("runs"), args)
	if p.shell() == noShell && (!p.runs() || optional || p.has("runs", "any") && len(p.operands(args)) == 0) {
		f.shellAnywhere(args, st)
		f.ownInput(name, p, args, st)
		if _, given := p.valuesOf("code", args); !given && (p.has("login", "") || hasOption(p.optionsOf("login"), args)) {
			f.inputCode(name, st)
		}
	}
	return followed
}

// cut warns of an item that the shell would cut into words, where some words would be code: bash $x with -c CODE.
func (f *follower) cut(name string, p *Program, args []arg) {
	sure := p.shell() != noShell || p.has("code", "remote")
	if !sure && !(p.has("runs", "any") && p.lists["fills"] != nil) {
		return
	}
	for i, a := range args {
		if sure && len(a.ids) == 0 && !a.dynamic && (isCodeFlag(a) || len(a.text) > 0 && a.text[0] != '-' && a.text[0] != '+') &&
			!(i == 0 && p.has("code", "remote")) {
			return // what follows are arguments
		}
		if !a.split {
			continue
		}
		f.findCut(a, name+" could run some of them as code")
		return
	}
}

// findCut warns of a variable without quotes.
func (f *follower) findCut(a arg, then string) {
	f.find(f.marks[a.ids[0]].origins[0], true, "without quotes, the shell cuts the item into words, and "+then, `write "$x"`)
}

// operandsOf are the arguments that are no options.
func (f *follower) operandsOf(p *Program, args []arg) []arg {
	var out []arg
	for _, i := range p.operands(args) {
		out = append(out, args[i])
	}
	return out
}

// assigned follows options whose value is NAME=VALUE for the environment.
func (f *follower) assigned(p *Program, args []arg, st *state) {
	for i := range args {
		if v, used := optionValue(p.optionsOf("assigns"), args, i); used > 0 {
			if name, value, ok := strings.Cut(v.text, "="); ok {
				f.sinkVariable(name, []string{value}, st)
			}
		}
	}
}

// shellAnywhere looks for SHELL -c CODE among the arguments of a program: it may run them.
func (f *follower) shellAnywhere(args []arg, st *state) {
	for i, a := range args {
		if a.dynamic || len(a.ids) > 0 {
			continue
		}
		at := codeIndex(args[i+1:])
		if at == 0 || i+1+at == len(args) {
			continue
		}
		if p, ok := f.facts(baseName(a.text)); ok && p.shell() != noShell {
			f.codeInChild(baseName(a.text)+" -c", args[i+1+at:i+2+at], p.shell() == posixShell, f.wordsOf(args[i+2+at:]), st)
		}
	}
}

// wordsOf turns arguments back into words.
func (f *follower) wordsOf(args []arg) []word {
	out := make([]word, len(args))
	for i, a := range args {
		out[i] = word{text: a.text, open: a.dynamic && len(a.ids) > 0}
	}
	return out
}

// codeInChild follows code that another process runs, with $0 and parameters.
func (f *follower) codeInChild(what string, args []arg, quotable bool, params []word, st *state) {
	f.codeIn(what, args, quotable, func(list []*syntax.Stmt) {
		side := f.newShell(st, nil)
		side.out = text("")
		if len(params) > 0 {
			side.zero, side.params = value{params[0].text}, f.stepped(params[1:])
		}
		f.inside(codeOf+what, list, side)
		f.print(side.out, st)
	})
}

// shell checks the arguments of a shell: options, then code or the name of a script.
func (f *follower) shell(name string, p *Program, args []arg, st *state) (followed bool) {
	quotable, code := p.shell() == posixShell, false
	options := p.optionsOf("code") // such as fish --init-command
	for i := 0; i < len(args); i++ {
		a := args[i]
		literal := !a.dynamic && len(a.ids) == 0
		if v, used := optionValue(options, args, i); used > 0 && !isCodeFlag(arg{text: args[i].text}) {
			f.codeInChild(name+" "+strings.SplitN(a.text, "=", 2)[0], []arg{v}, false, nil, st)
			i += used - 1
			continue
		}
		switch {
		case literal && (a.text == "--" || a.text == "-") && !code:
			if i+1 < len(args) && a.text != "-" {
				return f.scriptFile(name, args[i+1:], st)
			}
			f.inputCode(name, st)
			return true
		case literal && strings.HasPrefix(a.text, "--command="), literal && a.text == "--command":
			code = true
		case literal && len(a.text) > 1 && (a.text[0] == '-' || a.text[0] == '+'):
			code = code || isCodeFlag(a)
			if last := a.text[len(a.text)-1]; last == 'o' || last == 'O' || strings.HasSuffix(a.text, "-file") {
				i++
			}
			if !code && isFlags(a.text) && strings.ContainsRune(a.text, 's') {
				params := args[i+1:]
				if len(params) > 0 && params[0].text == "--" {
					params = params[1:]
				}
				f.inputCode(name, st, f.wordsOf(params)...)
				return true
			}
		case code:
			f.codeInChild(name+" -c", []arg{a}, quotable, f.wordsOf(args[i+1:]), st)
			return true
		default:
			if len(a.ids) > 0 && !a.split && (f.becomesSeveral(a) || len(idsIn(args[i+1:])) > 0) {
				direct := f.nested == "" && a.ids[0] < f.tokens
				o := f.marks[a.ids[0]].origins[0]
				f.find(o, !direct, "an item that is -c would make "+name+" run the next one as code", "write -- in front of it")
			}
			return f.scriptFile(name, args[i:], st)
		}
	}
	if code {
		if len(args) > 0 && f.becomesSeveral(args[len(args)-1]) {
			f.findMark(args[len(args)-1].ids[0], name+" -c would run the item as code", safeForm)
		}
		return false
	}
	f.inputCode(name, st)
	return true
}

// scriptFile follows a shell that runs a file: what a process substitution holds is code.
func (f *follower) scriptFile(name string, args []arg, st *state) (followed bool) {
	if held := f.heldBy(value{args[0].text}, st); held != nil {
		side := st.copy()
		side.stdin, side.out = held, text("")
		f.inputCode(name, side, f.wordsOf(args[1:])...)
		f.print(side.out, st)
	}
	return false
}

// remote checks ssh: options, a host, and code for the shell there, which else reads standard input.
func (f *follower) remote(name string, p *Program, args []arg, st *state) (followed bool) {
	operands := p.operands(args)
	if len(operands) == 0 {
		return false
	}
	if host := operands[0]; host+1 < len(args) {
		f.codeIn(name, args[host+1:], true, func(list []*syntax.Stmt) {
			side := f.newShell(st, nil)
			side.vars, side.out = map[string]variable{}, text("")
			f.inside(codeOf+name, list, side)
			f.print(side.out, st)
		})
		return true
	}
	if p.has("stdin", "code") {
		f.inputCode(name, st)
	}
	return p.has("stdin", "code")
}

// template checks GNU parallel: all before ::: is code, to which it adds what is behind it, or what it reads, in quotes.
// Without a command, these are the commands.
func (f *follower) template(name string, p *Program, args []arg, st *state) {
	var items []arg
	for i, a := range args {
		if strings.HasPrefix(a.text, ":::") {
			args, items = args[:i], args[i+1:]
			break
		}
	}
	var command []arg
	if n := p.operands(args); len(n) > 0 {
		command = args[n[0]:]
	}
	side := st.copy()
	for i := range args {
		if v, used := optionValue([]string{"-a", "--arg-file"}, args, i); used > 0 {
			if held := f.heldBy(value{v.text}, st); held != nil {
				side.stdin = held
			}
		}
	}
	given := f.part(side.stdin, name)
	switch {
	case hasOption([]string{"--pipe", "--spreadstdin", "--pipepart", "--pipe-part"}, args):
		given = nil
	case items != nil:
		given = value{}
		for _, a := range items {
			given = append(given, a.text)
		}
	default:
		side.stdin = f.unknown()
	}
	if len(command) == 0 {
		side.stdin = given
		f.inputCode(name, side)
		return
	}
	code := arg{}
	for _, a := range command {
		code.text += " " + a.text
	}
	if quoted := f.quote(f.through(given, name)); f.carries(given) {
		if !strings.Contains(code.text, "{}") {
			code.text += " {}"
		}
		code.text = strings.ReplaceAll(code.text, "{}", quoted[0])
	}
	code.ids = f.ids(code.text)
	f.codeInChild(name, []arg{code}, !slices.ContainsFunc(idsIn(command), func(id int) bool { return f.marks[id].data() }), nil, side)
}

// codeOptions checks options whose value is code: -c CODE, --command=CODE. Quotes mean nothing in a command line that
// the program cuts into words itself.
func (f *follower) codeOptions(name string, p *Program, fact string, args []arg, st *state) {
	options := p.optionsOf(fact)
	for i := 0; i < len(args); i++ {
		v, used := optionValue(options, args, i)
		if used == 0 {
			continue
		}
		option := args[i].text
		for _, o := range options {
			if strings.HasPrefix(option, o) {
				option = o
			}
		}
		i += used - 1
		f.codeInChild(name+" "+option, []arg{v}, fact == "code", f.wordsOf(args[min(i+1, len(args)):]), st)
	}
}

// configuration checks options whose value can make the program run commands.
func (f *follower) configuration(name string, p *Program, args []arg, st *state) {
	for i := 0; i < len(args); i++ {
		v, used := optionValue(p.optionsOf("config"), args, i)
		if used == 0 {
			continue
		}
		i += used - 1
		if _, code, ok := strings.Cut(v.text, "exec="); ok {
			f.codeInChild(name, []arg{{text: code, dynamic: v.dynamic, ids: f.ids(code)}}, false, nil, st)
		}
		setting, _, _ := strings.Cut(v.text, "=")
		setting, _, _ = strings.Cut(setting, " ")
		if slices.ContainsFunc(p.lists["safe"], func(s string) bool {
			return like(strings.ToLower(s), arg{text: strings.ToLower(setting), ids: f.ids(setting)})
		}) {
			continue
		}
		for _, id := range v.ids {
			f.findMark(id, "the item would become an option of "+name+", and some options run commands", "write the option without an item")
		}
	}
}
