package script

import (
	"slices"
	"strings"
)

// applyRule applies the rule of one program to its arguments. The name is a builtin only in a script, and
// not behind a program.
func (c *checker) applyRule(name string, args []arg, builtin, mixed bool) {
	if name == "" {
		return
	}
	c.language(name, args)
	r := programs[name]
	if builtin && builtins[name] != noCode {
		r = builtins[name]
	}
	switch r {
	case allCode:
		c.refuseCode(name, args, !mixed)
	case remoteCode:
		c.remote(name, args, !mixed)
	case optionCode:
		c.option(name, args, !mixed)
	case anyCode:
		for _, id := range c.dataIn(args) {
			as, hint := anyAdvice(name)
			c.refuse(id, name+" would take the item as "+as, hint)
		}
	case afterCode:
		for i, a := range args {
			if strings.HasPrefix(a.text, ":::") {
				args = args[:i]
				break
			}
		}
		c.refuseCode(name, args, false)
	case adbCode:
		for i, a := range args {
			if a.text == "shell" || a.text == "exec-out" {
				c.refuseCode("adb shell", args[i+1:], !mixed)
				break
			}
		}
	case gitCode:
		c.git(args)
	case flagCode:
		c.flagged(name, args, codeFlags[name])
	case screenCode:
		if slices.ContainsFunc(args, func(a arg) bool { return a.text == "-X" }) {
			c.applyRule("tmux", args, false, mixed)
		}
	case testCode:
		c.test(args)
	case printfCode:
		c.printf(args)
	case setCode:
		c.set(name, args)
	}
}

// anyAdvice returns what a command that takes any argument as code or as a name would take the item as, and what to
// write instead.
func anyAdvice(name string) (as, hint string) {
	const variable = "the name of a variable"
	if programs[name] == anyCode {
		if name == "tmux" {
			return "code", "write a command without an item"
		}
		return "code", `use ssh instead: ssh HOST "wc {:q}"`
	}
	switch name {
	case "source", ".":
		return "code", "run it as a program of its own: bash -- {}"
	case "trap":
		return "code", `write the code in the script, and use "$x" inside it: x={}; trap 'rm -- "$x"' EXIT`
	case "alias":
		return "code", `write a function in the script: x={}; f() { wc -- "$x"; }; f`
	case "read", "mapfile", "readarray":
		return variable, "give it on stdin: " + name + " x <<<{}"
	case "declare", "typeset", "local", "export", "readonly":
		return variable, "assign first: x={}; " + name + " x"
	case "unset", "getopts", "let":
		return variable, "write the name in the script"
	case "hash", "unalias", "wait":
		return "an option or a name", "write the name in the script"
	}
	return "code", "write its arguments in the script"
}

// remoteValued are the options of ssh that have a value.
const remoteValued = "BbcDEeFIiJLlmOopQRSWwK"

// remote checks ssh: options, a host, and code for the shell there.
func (c *checker) remote(name string, args []arg, quotable bool) {
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case strings.HasPrefix(t, "-o"):
			opt := args[i : i+1]
			if t == "-o" {
				opt = args[i:min(i+2, len(args))]
				i++
			}
			for _, id := range c.dataIn(opt) {
				c.refuse(id, "the item would become an option of "+name+", and some options run commands",
					"write the option without an item")
			}
		case t == "--":
		case len(t) == 2 && t[0] == '-' && strings.IndexByte(remoteValued, t[1]) >= 0:
			i++
		case strings.HasPrefix(t, "-"):
		default:
			c.refuseCode(name, args[i+1:], quotable)
			return
		}
	}
}

// option checks programs that take shell code after -c.
func (c *checker) option(name string, args []arg, quotable bool) {
	for i, a := range args {
		_, long := strings.CutPrefix(a.text, "--command=")
		switch {
		case long || strings.HasPrefix(a.text, "--session-command="):
			c.refuseCode(name, []arg{a}, false)
		case a.text == "--command" || a.text == "--session-command" || isCodeFlag(a):
			if i+1 < len(args) {
				c.refuseCode(name+" -c", args[i+1:i+2], quotable)
			}
		}
	}
}

// flagged checks options that take a command, as FLAG VALUE or FLAG=VALUE.
func (c *checker) flagged(name string, args []arg, flags []string) {
	for i, a := range args {
		for _, f := range flags {
			if strings.HasPrefix(a.text, f) && (len(f) == 2 || len(a.text) == len(f) || a.text[len(f)] == '=') {
				value := arg{strings.TrimPrefix(a.text, f+"="), a.dynamic, a.ids}
				if a.text == f && i+1 < len(args) {
					value = args[i+1]
				}
				c.refuseCode(name+" "+f, []arg{value}, name == "sbatch" || name == "gcloud")
			}
		}
		bundle := len(a.text)-len(strings.TrimLeft(a.text, "-")) == 1
		if name == "rsync" && bundle && strings.HasSuffix(a.text, "e") && i+1 < len(args) {
			c.refuseCode("rsync -e", args[i+1:i+2], false)
		}
	}
}

// git checks the settings on a command line, and the subcommands that run a shell.
func (c *checker) git(args []arg) {
	for i, a := range args {
		switch {
		case (a.text == "-c" || a.text == "--config" || a.text == "--exec" || a.text == "-x") && i+1 < len(args):
			for _, id := range c.dataIn(args[i+1 : i+2]) {
				c.refuse(id, "the item would become configuration of git, which can run commands",
					"write the configuration without an item")
			}
		case strings.HasPrefix(a.text, "--exec=") || strings.HasPrefix(a.text, "--upload-pack="):
			c.refuseCode("git", []arg{a}, false)
		case a.text == "foreach" || a.text == "filter-branch" || a.text == "--upload-pack" || a.text == "--receive-pack":
			c.refuseCode("git "+a.text, args[i+1:], false)
		}
	}
}

// test checks the test builtin: -v evaluates a subscript, and where two words can come from items, the first
// could be -v.
func (c *checker) test(args []arg) {
	for i, a := range args {
		ids := c.data(a)
		if len(ids) == 0 {
			continue
		}
		switch {
		case i > 0 && (args[i-1].text == "-v" || args[i-1].text == "-R"):
			c.refuse(ids[0], nameOfVariable, nameHint)
		case c.becomesSeveral(a) || i > 0 && (args[i-1].dynamic || len(c.data(args[i-1])) > 0):
			c.refuse(ids[0], "an item such as -v could become an operator of test", "write [[ -f {} ]]")
		}
	}
}

// printf checks the printf builtin: -v names a variable, and an item as the format could be -va[…].
func (c *checker) printf(args []arg) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a.text, "-v"):
			ids := c.data(a)
			if a.text == "-v" {
				ids = c.dataIn(args[i:min(i+2, len(args))])
				i++
			}
			if len(ids) > 0 {
				c.refuse(ids[0], nameOfVariable, nameHint)
			}
		case a.text == "--":
			return
		default:
			if ids := c.data(a); len(ids) > 0 && c.leads(a) {
				c.refuse(ids[0], "an item that begins with - would be an option of printf", `write printf '%s\n' {}`)
			} else if len(ids) > 0 {
				c.warn(ids[0], "the item becomes part of the format of printf, where % and \\ have a meaning",
					`write printf '... %s\n' {}`)
			}
			return
		}
	}
}

// leads reports whether a word begins with an item, or may.
func (c *checker) leads(a arg) bool {
	start, _, kind, id, ok := c.standIns.next(a.text)
	return a.dynamic || ok && start == 0 && kind == 's' && c.occs[id].Data()
}

// set checks set and shopt. Items after -- are data.
func (c *checker) set(name string, args []arg) {
	for _, a := range args {
		if a.text == "--" && name == "set" {
			return
		}
		if ids := c.data(a); len(ids) > 0 {
			c.refuse(ids[0], "the item would become an option of "+name, "write set -- {}")
			return
		}
	}
}

// partOfProgram warns of an item in the program of another language.
func partOfProgram(id int, name string) finding {
	return finding{
		id: id, warn: true, msg: "the item becomes part of the program of " + name + ", and some items will break it",
		hint: "pass it as an argument or in a variable, or write {{}} for a literal {}",
	}
}

// language warns of items in the program of another language.
func (c *checker) language(name string, args []arg) {
	l := languages[name]
	warn := func(a arg) {
		if ids := c.data(a); len(ids) > 0 {
			c.found = append(c.found, partOfProgram(ids[0], name))
		}
	}
	explicit := false
	for i := 0; i < len(args); i++ {
		t := args[i].text
		isFlag := len(t) > 1 && t[0] == '-'
		switch {
		case l.rule == noCode:
			return
		case isFlag && l.rule == optionText && t[1] != '-' && strings.IndexByte(l.flags, t[len(t)-1]) >= 0,
			isFlag && l.rule == operandText && (t == "-e" || t == "--expression"):
			explicit = true
			if i+1 < len(args) {
				i++
				warn(args[i])
			}
		case isFlag && len(t) == 2 && l.rule == operandText && strings.IndexByte(l.flags, t[1]) >= 0:
			explicit = explicit || t == "-f"
			i++
		case isFlag:
		case l.rule == operandText && !explicit:
			warn(args[i])
			return
		}
	}
}
