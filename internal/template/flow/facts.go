package flow

import (
	"slices"
	"strconv"
	"strings"
)

// Program is what is known of a program: the lists of its facts.
type Program struct {
	lists   map[string][]string
	options map[string][]string // what optionsOf has returned
}

// dialect tells how a program reads shell code.
type dialect uint8

const (
	noShell    dialect = iota
	posixShell         // {:q} and printf %q make a word of its code
	otherShell         // it quotes otherwise, so that nothing is safe in its code
)

// shell tells whether the program is a shell.
func (p *Program) shell() dialect {
	switch {
	case p.lists["othershell"] != nil:
		return otherShell
	case p.lists["shell"] != nil:
		return posixShell
	}
	return noShell
}

// has reports whether the list of a fact has an entry.
func (p *Program) has(fact, entry string) bool { return slices.Contains(p.lists[fact], entry) }

// runs reports whether a command stands among the arguments.
func (p *Program) runs() bool { return p.lists["runs"] != nil }

// before is the number of operands before that command.
func (p *Program) before() int {
	for _, entry := range p.lists["runs"] {
		if n, err := strconv.Atoi(entry); err == nil {
			return n
		}
	}
	return 0
}

// takesCode reports whether some argument is code, or a command, or a program in another language.
func (p *Program) takesCode() bool {
	return p.shell() != noShell || p.runs() ||
		slices.ContainsFunc([]string{"code", "line", "config", "text"}, func(fact string) bool { return p.lists[fact] != nil })
}

// words lists the entries of a fact that are no options and are given as head:WORD.
func (p *Program) words(fact, head string) []string {
	var out []string
	after := false
	for _, entry := range p.lists[fact] {
		if word, ok := strings.CutPrefix(entry, head); ok {
			out, after = append(out, word), true
		} else if after { // the list goes on
			out = append(out, entry)
		}
	}
	return out
}

// optionsOf lists the entries of a fact that have a value: options, and beginnings of words.
func (p *Program) optionsOf(fact string) []string {
	if p.lists[fact] == nil {
		return nil
	}
	out, known := p.options[fact]
	if known {
		return out
	}
	defer func() { p.options[fact] = out }()
	for _, entry := range p.lists[fact] {
		if strings.HasPrefix(entry, "after:") {
			break
		}
		if _, err := strconv.ParseUint(entry, 10, 16); err != nil && entry != "" && !slices.Contains(vocabulary[fact].words, entry) {
			out = append(out, entry)
		}
	}
	return out
}

// optionValue finds the value of one of the options at args[i]: FLAG VALUE, FLAG=VALUE, and FLAGVALUE of one letter. A
// short option may stand at the end of a bundle. An entry that is no option is how a word begins. used is the number of
// words; 0 if there is no such option.
func optionValue(options []string, args []arg, i int) (value arg, used int) {
	a := args[i]
	for _, o := range options {
		words := 1
		if name, count, has := strings.Cut(o, ":"); has {
			if n, err := strconv.Atoi(count); err == nil {
				o, words = name, n
			}
		}
		if o == "" || o[0] != '-' && (o[0] != '+' || len(o) != 2) {
			if strings.HasPrefix(a.text, o) {
				return arg{text: a.text[len(o):], dynamic: a.dynamic, ids: a.ids}, 1
			}
			continue
		}
		short := len(o) == 2 && o[1] != '-'
		switch {
		case a.text == o, short && len(a.text) > 2 && a.text[0] == o[0] && a.text[1] != '-' && len(a.ids) == 0 && isFlags(a.text) && a.text[len(a.text)-1] == o[1]:
			last := min(i+words, len(args)-1)
			if last == i {
				return arg{}, 1
			}
			return args[last], last - i + 1
		case strings.HasPrefix(a.text, o+"="):
			return arg{text: a.text[len(o)+1:], dynamic: a.dynamic, ids: a.ids}, 1
		case short && strings.HasPrefix(a.text, o):
			return arg{text: a.text[2:], dynamic: a.dynamic, ids: a.ids}, 1
		}
	}
	return arg{}, 0
}

// hasOption reports whether one of the options is given.
func hasOption(options []string, args []arg) bool {
	return slices.ContainsFunc(args, func(a arg) bool {
		return slices.ContainsFunc(options, func(o string) bool { return isOption(o, a) })
	})
}

// isOption reports whether a word is the option, by itself, with a value, or in a bundle.
func isOption(o string, a arg) bool {
	short := len(o) == 2 && o[0] == '-' && o[1] != '-'
	return o != "" && (a.text == o || o[0] == '-' && strings.HasPrefix(a.text, o+"=") || short && strings.HasPrefix(a.text, o) ||
		short && isFlags(a.text) && a.text[0] == '-' && strings.ContainsRune(a.text[1:], rune(o[1])))
}

// valued lists all options that have a value.
func (p *Program) valued() []string {
	const all = "valued"
	options, known := p.options[all]
	if known || p.lists == nil {
		return options
	}
	for _, fact := range []string{"takes", "code", "line", "config", "text", "file", "entry"} {
		options = append(options, p.optionsOf(fact)...)
	}
	for _, o := range p.optionsOf("assigns") {
		if strings.HasPrefix(o, "-") {
			options = append(options, o)
		}
	}
	p.options[all] = options
	return options
}

// operands returns the indexes of the arguments that are no options.
func (p *Program) operands(args []arg) []int {
	var out []int
	options := p.valued()
	stops, rest := p.lists["stops"] != nil, func(i int) []int {
		for ; i < len(args); i++ {
			out = append(out, i)
		}
		return out
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a.text == "--" && len(a.ids) == 0 {
			return rest(i + 1)
		}
		if _, used := optionValue(options, args, i); used > 0 {
			ends := stops && hasOption(p.optionsOf("stops"), args[i:i+1])
			if i += used - 1; ends {
				return rest(i + 1)
			}
			continue
		}
		if len(a.text) > 1 && (a.text[0] == '-' || a.text[0] == '+' && p.shell() != noShell) {
			continue
		}
		out = append(out, i)
		assignment := p.lists["assigns"] != nil && strings.ContainsRune(a.text, '=')
		if stops || p.runs() && !p.has("runs", "any") && len(out) > p.before() && !assignment {
			return rest(i + 1)
		}
	}
	return out
}

// own are the arguments of the program itself: up to the command that it runs, or up to the first operand if its options
// end there.
func (p *Program) own(args []arg) []arg {
	n := p.operands(args)
	switch {
	case p.runs() && !p.has("runs", "any") && len(p.optionsOf("runs")) == 0:
		if at := p.before(); at < len(n) {
			return args[:n[at]]
		}
	case p.lists["stops"] != nil && len(n) > 0:
		return args[:n[0]+1]
	}
	return args
}

// valuesOf lists the values of the options of a fact. An option with several values is among those of takes, with their
// number.
func (p *Program) valuesOf(fact string, args []arg) (values []arg, given bool) {
	options := p.optionsOf(fact)
	for i := 0; i < len(args); i++ {
		v, used := optionValue(options, args, i)
		if used == 0 {
			continue
		}
		given = true
		if _, more := optionValue(p.optionsOf("takes"), args, i); more > used {
			values = append(values, args[i+1:i+more]...)
			i += more - 1
			continue
		}
		values = append(values, v)
		i += used - 1
	}
	return values, given
}

// outcome is what options say about the output: "args", "env", "silent", "number", or "". Patterns go first.
func (f *follower) outcome(p *Program, args []arg, code []arg) string {
	operands := len(p.operands(args))
	for _, patterned := range []bool{true, false} {
		for _, fact := range []string{"args", "env", "silent", "number"} {
			for _, entry := range p.lists[fact] {
				option, pattern, has := strings.Cut(entry, ":")
				if has = has && (option == "text" || strings.HasPrefix(option, "-")); has != patterned {
					continue
				}
				if has && matchesValue(option, pattern, args, code) || !has && matchesPlain(entry, operands, args) {
					return fact
				}
			}
		}
	}
	return ""
}

// matchesValue reports whether the option has a value like the pattern. The option "text" is the program in the
// arguments.
func matchesValue(option, pattern string, args, code []arg) bool {
	if option == "text" {
		return slices.ContainsFunc(code, func(a arg) bool { return like(pattern, a) })
	}
	for i := range args {
		if v, used := optionValue([]string{option}, args, i); used > 0 && like(pattern, v) {
			return true
		}
	}
	return false
}

// like reports whether a text is like a pattern, in which * stands for anything. A text with an item in it is like none.
func like(pattern string, a arg) bool {
	return len(a.ids) == 0 && !a.dynamic && matches(pattern, a.text)
}

func matches(pattern, text string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := len(text); i >= 0; i-- {
				if matches(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		case strings.HasPrefix(pattern, `\*`):
			pattern = pattern[1:]
		}
		if text == "" || pattern[0] != text[0] {
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

func matchesPlain(entry string, operands int, args []arg) bool {
	if n, err := strconv.ParseUint(entry, 10, 16); err == nil {
		return operands >= int(n)
	}
	switch {
	case entry == "stdin":
		return operands == 0
	case strings.HasPrefix(entry, "-"):
		return hasOption([]string{entry}, args)
	}
	return slices.ContainsFunc(args, func(a arg) bool { return len(a.ids) == 0 && a.text == strings.ReplaceAll(entry, `\*`, "*") })
}
