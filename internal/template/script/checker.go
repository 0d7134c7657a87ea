package script

import (
	"slices"
	"strings"
)

// finding is a refusal or a warning about one token.
type finding struct {
	id        int
	msg, hint string
	warn      bool
}

// checker looks for items in the code that a command hands to an interpreter. It rather refuses too much:
// the safe form is always possible.
type checker struct {
	standIns standIns
	occs     []*occurrence
	script   bool // builtins can be reached
	batched  bool // jobs can have several items
	nested   bool // the command is itself code for another shell: {:q} is used up
	found    []finding
}

// safeForm is the hint that is right for every command.
const (
	safeForm = "pass it as an argument: " + argumentForm

	argumentForm = `sh -c '... "$1" ...' sh {}`
)

// wholeCode begins the hint for an item that is all of the code.
const wholeCode = "fanout does not run items as command lines; write the code, with the item as "

// command checks one command with its arguments.
func (c *checker) command(args []arg) []finding {
	if len(args) == 0 || slices.Contains(inProcess, c.program(args[0])) {
		return nil
	}
	wrapped := slices.Contains(wrappers, c.program(args[0]))
	c.braces(args)
	if c.program(args[0]) != "printf" {
		c.shells(args, wrapped)
	}
	builtin := c.script
	for i := range args {
		if i > 0 && !wrapped {
			break
		}
		name := c.program(args[i])
		c.applyRule(name, args[i+1:], builtin, c.substituted(args[:i]))
		builtin = builtin && (name == "command" || name == "builtin")
	}
	return c.found
}

// program returns the name that a word runs; "" if it is not known.
func (c *checker) program(a arg) string {
	if a.dynamic || len(a.ids) > 0 {
		return ""
	}
	return a.text[strings.LastIndexByte(a.text, '/')+1:]
}

// substituted reports whether a command in front replaces {} in the code.
func (c *checker) substituted(before []arg) bool {
	return slices.ContainsFunc(before, func(a arg) bool { return slices.Contains(substitutors, c.program(a)) })
}

// shells looks for SHELL -c CODE at any place: the words in front may run it.
func (c *checker) shells(args []arg, wrapped bool) {
	for i, a := range args {
		name := c.program(a)
		switch {
		case isShell(name):
			c.findNames(args[:i], args[i+1:])
			quotable := slices.Contains(posixShells, name) && !c.substituted(args[:i])
			c.shell(name, args[i+1:], quotable, i == 0 || wrapped)
		case name == "" && (i == 0 || wrapped) && codeIndex(args[i+1:]) > 0:
			c.shell("a shell", args[i+1:], false, true)
		}
	}
}

// isCodeFlag recognises -c and its bundles, such as -lc or -ec.
func isCodeFlag(a arg) bool {
	return len(a.ids) == 0 && strings.HasPrefix(a.text, "-") && isFlags(a.text) && strings.ContainsRune(a.text, 'c')
}

// isFlags recognises a bundle of options, such as -ec or +x.
func isFlags(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return len(text) > 1 && (text[0] == '-' || text[0] == '+') && strings.Trim(text[1:], letters) == ""
}

// codeIndex returns the index of the word behind -c if only options stand before it; else 0.
func codeIndex(args []arg) int {
	for i, a := range args {
		switch {
		case isCodeFlag(a):
			return i + 1
		case len(a.ids) > 0 || len(a.text) < 2 || a.text[0] != '-' && a.text[0] != '+':
			return 0
		}
	}
	return 0
}

// shell checks the arguments of a shell: options, then code or the name of a script. Only -c counts if it is
// not sure that the program is a shell.
func (c *checker) shell(name string, args []arg, quotable, sure bool) {
	code := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		literal := !a.dynamic && len(a.ids) == 0
		switch {
		case literal && (a.text == "--" || a.text == "-") && !code:
			return
		case literal && strings.HasPrefix(a.text, "--command="), literal && a.text == "--command":
			code = true
		case literal && len(a.text) > 1 && (a.text[0] == '-' || a.text[0] == '+'):
			code = code || isCodeFlag(a)
			if last := a.text[len(a.text)-1]; last == 'o' || last == 'O' || strings.HasSuffix(a.text, "-file") {
				i++
			}
		case code:
			c.refuseCode(name+" -c", []arg{a}, quotable)
			c.parameters(a, args[i+1:])
			if !a.dynamic {
				return
			}
		case literal:
			return
		default:
			if sure && len(c.data(a)) > 0 && (c.becomesSeveral(a) || len(c.dataIn(args[i+1:])) > 0) {
				c.refuse(c.data(a)[0], "an item that is -c would make "+name+" run the next one as code", "write -- in front of it")
			}
			if len(c.data(a)) > 0 {
				return
			}
		}
	}
}

// data lists the tokens of a word that stand for input.
func (c *checker) data(a arg) []int {
	var ids []int
	for _, id := range a.ids {
		if c.occs[id].Data() {
			ids = append(ids, id)
		}
	}
	return ids
}

// dataIn lists the tokens of several words that stand for input.
func (c *checker) dataIn(args []arg) []int {
	var ids []int
	for _, a := range args {
		ids = append(ids, c.data(a)...)
	}
	return ids
}

// becomesSeveral reports whether the word can become several words.
func (c *checker) becomesSeveral(a arg) bool {
	return slices.ContainsFunc(c.data(a), func(id int) bool {
		r := c.occs[id].Ref
		return r.Spread || c.batched && r.PerItem()
	})
}

// withLiterals puts literal braces into a text in place of their stand-ins.
func (c *checker) withLiterals(text string) string {
	var b strings.Builder
	c.standIns.split(text, func(lit string) { b.WriteString(lit) }, func(_ byte, id int) {
		if c.occs[id].Literal != "" {
			b.WriteString(c.occs[id].Literal)
		} else {
			b.WriteString(c.standIns.token(id))
		}
	})
	return b.String()
}

func (c *checker) refuse(id int, msg, hint string) {
	c.found = append(c.found, finding{id: id, msg: msg, hint: hint})
}

func (c *checker) warn(id int, msg, hint string) {
	c.found = append(c.found, finding{id: id, msg: msg, hint: hint, warn: true})
}

// refuseCode refuses items in words that are joined into shell code, except items that are quoted for it and
// stand outside of its quotes.
func (c *checker) refuseCode(what string, args []arg, quotable bool) {
	ids := c.dataIn(args)
	if len(ids) == 0 {
		return
	}
	var words []string
	dynamic := false
	for _, a := range args {
		words = append(words, a.text)
		dynamic = dynamic || a.dynamic
	}
	text := strings.Join(words, " ")
	hint := safeForm
	whole, argument := strings.TrimSpace(text) == c.standIns.token(ids[0]), what == "eval" || strings.HasSuffix(what, " -c")
	switch {
	case whole && quotable && !argument:
		hint = wholeCode + "{:q}: " + example(what)
	case whole:
		hint = wholeCode + "an argument: " + argumentForm
	case quotable && !c.nested && strings.HasSuffix(what, " -c"):
		hint += "; or " + quotedForm(what)
	case quotable && !c.nested:
		hint = quotedForm(what)
	}
	if quotable && !c.nested && !dynamic && c.quotedForShell(text, ids) {
		return
	}
	c.refuse(ids[0], what+" would run the item as code", hint)
}

// quotedForm returns the hint for a command that takes shell code as text.
func quotedForm(what string) string {
	return "write {:q}, which makes the item one word of that code: " + example(what) + "; put no more quotes around it"
}

// example shows {:q} in the code of a command.
func example(what string) string {
	if programs[what] == remoteCode {
		what += " HOST"
	}
	return what + ` "wc {:q}"`
}

// quotedForShell reports whether every item in the code is quoted for it, and stands as a bare word of a
// command that takes no code itself.
func (c *checker) quotedForShell(code string, ids []int) bool {
	for _, id := range ids {
		if !c.occs[id].Ref.Quote {
			return false
		}
	}
	f, err := parseScript(code, false)
	if err != nil || misread(f, code) >= 0 {
		return false
	}
	occs := make([]*occurrence, len(c.occs))
	for i, o := range c.occs {
		occs[i] = &occurrence{Token: o.Token, id: o.id}
	}
	w := &walker{
		standIns: c.standIns, occs: occs, analysis: analyse(f, c.standIns, occs, c.batched), src: &edits{text: code},
		batched: c.batched, nested: true,
	}
	w.checkFlows()
	w.stmts(f.Stmts)
	if w.refused != nil {
		return false
	}
	for _, id := range ids {
		if occs[id].quoting != bare || occs[id].integer {
			return false
		}
	}
	return true
}
