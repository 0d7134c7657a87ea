// Package flow follows items through a script: from the placeholders where they stand, through all that can carry them
// (variables, parameters and output of functions, pipes, substitutions, here-documents, descriptors), to where something
// evaluates them: a shell's code or standard input, eval, arithmetic, the name of a variable. [Follow] tells what to
// refuse, what to warn of, and which items must be integers. It runs the script with sets of possible texts in place of
// values, branches and loops included, and never runs anything. What programs do with what they are given is a table of
// facts ([Programs]).
package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// Kind is what a [Finding] means.
type Kind uint8

// The kinds of findings.
const (
	Refusal Kind = iota // the item would become code
	Warning             // it might
	Integer             // it is calculated with, and must be an integer
)

// Finding is something found out about one token.
type Finding struct {
	Kind      Kind
	ID        int // of the token
	Msg, Hint string
}

// Script is a script to follow.
type Script struct {
	File     *syntax.File
	Names    StandIns
	Tokens   []words.Token
	Batched  bool // jobs can have several items
	Programs *Programs
	Parse    func(string) (*syntax.File, error) // parses code within the script
	Shell    string                             // the name of the shell that runs it; "" for bash
}

// follower is the state of [Follow] that all places of a script share.
type follower struct {
	names       StandIns
	tokens      int // the number of tokens, and the number of the mark without an item
	marks       []mark
	interned    map[string]string
	sinks       map[int]*sink // the marks of >(…)
	programs    *Programs
	vars        map[string]string         // what has been looked up of variables
	looked      map[string]*Program       // what has been looked up of programs; nil: they are not known
	everStdin   value                     // what exec has led to standard input
	environ     map[string]value          // variables that the script begins with
	ever        map[string]variable       // what variables have been, at any time
	everFuncs   map[string][]*syntax.Stmt // the functions that there have been
	traps       []value
	parse       func(string) (*syntax.File, error)
	sources     []string // what the user wrote for each token
	nested      string   // what the code is that is followed; "" for the script itself
	depth       int      // of code within code
	shellIs     string   // the name of the shell that runs it; "" for bash
	calculating []string // the variables whose text is being calculated
	separators  string   // IFS beside blanks
	echoes      bool     // shopt -s xpg_echo: echo replaces backslashes
	passed      bool     // the next name is not that of a function
	budget      int
	found       []Finding
}

// mostWork bounds the work for a script: a unit for each command, name, text and variable that is looked at. Scripts of
// people need some thousand.
const mostWork = 1_000_000

func newFollower(s Script) *follower {
	f := &follower{
		names: s.Names, tokens: len(s.Tokens), interned: map[string]string{}, looked: map[string]*Program{}, vars: map[string]string{},
		sinks: map[int]*sink{}, programs: s.Programs,
		environ: map[string]value{}, ever: map[string]variable{}, everFuncs: map[string][]*syntax.Stmt{}, parse: s.Parse, shellIs: s.Shell,
		budget: mostWork,
	}
	for i, t := range s.Tokens {
		m := mark{literal: t.Literal, quoted: t.Ref.Quote, several: t.Ref.Spread || s.Batched && t.Ref.PerItem(), key: s.Names.Token(i)}
		if t.Data() {
			m.origins = []origin{{token: i, quotedByUs: t.Ref.Quote}}
		}
		f.marks = append(f.marks, m)
		f.sources = append(f.sources, t.Source)
	}
	f.marks = append(f.marks, mark{key: "clean"})
	return f
}

// Follow follows the items of a script.
func Follow(s Script) []Finding {
	f := newFollower(s)
	all := make([]origin, 0, len(s.Tokens))
	for i, t := range s.Tokens {
		if t.Data() {
			all = append(all, origin{token: i, way: (*step)(nil).to("$1")})
		}
	}
	params := f.intern(mark{origins: all})
	f.environ[""] = value{params} // of BASH_ARGV
	st := f.begin(params)
	f.statements(s.File.Stmts, st)
	f.ends()
	if f.spent() && len(all) > 0 {
		f.found = append(f.found, Finding{ID: all[0].token, Msg: "the script is too intricate for fanout to follow the item through it",
			Hint: "write it to a file, and run it as a program: bash FILE {}"})
	}
	return f.found
}

// Words checks the words of a program, which no shell reads.
func Words(list []string, s Script) []Finding {
	f := newFollower(s)
	st := f.begin(f.clean())
	command := make([]word, len(list))
	for i, w := range list {
		repeated := slices.ContainsFunc(f.names.Tokens(w), func(id int) bool { return f.marks[id].several && !f.marks[id].quoted })
		command[i] = word{text: f.withLiterals(w), open: repeated}
	}
	if name, ok := f.literal(value{command[0].text}); ok {
		f.program(baseName(name), command[1:], st)
	} else {
		f.unknownProgram(command, st)
	}
	return f.found
}

// begin is the state in which a script begins. Its parameters are fanout's.
func (f *follower) begin(params string) *state {
	return &state{
		vars: map[string]variable{}, params: []word{{text: params, open: true}}, funcs: map[string]functions{},
		aliases: map[string]value{}, stdin: f.unknown(), files: map[string]value{}, sinks: map[string]sink{},
		out: text(""), zero: f.unknown(), frame: &frame{}, f: f,
	}
}

// ends follows what traps run, which may be at any time.
func (f *follower) ends() {
	if f.everStdin == nil {
		f.everStdin = f.unknown()
	}
	for i := 0; i < len(f.traps) && i < mostAlternatives; i++ {
		st := f.begin(f.clean())
		for name, v := range f.ever {
			st.vars[name] = v
		}
		for name, bodies := range f.everFuncs {
			st.funcs[name] = functions{bodies: bodies, maybe: true}
		}
		st.stdin = f.everStdin
		f.codeOf("trap", f.args([]word{{text: f.traps[i][0]}}), true, st)
	}
}

// spent reports whether the script is too long to follow, and counts a command.
func (f *follower) spent() bool { return f.spend(10) }

// spend counts work, and reports whether there was too much of it.
func (f *follower) spend(units int) bool {
	f.budget -= units
	return f.budget < 0
}

// variableFact returns what is known of a variable; "" if nothing is.
func (f *follower) variableFact(name string) string {
	fact, ok := f.vars[name]
	if !ok {
		fact = variableFact(name)
		f.vars[name] = fact
	}
	return fact
}

// facts returns what is known of a program.
func (f *follower) facts(name string) (*Program, bool) {
	p, ok := f.looked[name]
	if !ok {
		p, _ = f.programs.Find(name)
		f.looked[name] = p
	}
	return p, p != nil
}

// find records what was found of one origin.
func (f *follower) find(o origin, warn bool, msg, hint string) {
	kind := Refusal
	if warn {
		kind = Warning
	}
	if way := o.way.String(); way != "" {
		msg += " (by way of " + way + ")"
	}
	found := Finding{Kind: kind, ID: o.token, Msg: msg, Hint: hint}
	same := func(g Finding) bool { return g.Kind == kind && g.ID == o.token && (warn || g.Msg == msg) }
	if !slices.ContainsFunc(f.found, same) {
		f.found = append(f.found, found)
	}
}

// findMark records what was found of a mark: a warning if only an unknown program may have put the item there.
func (f *follower) findMark(id int, msg, hint string) {
	m := f.marks[id]
	for _, o := range m.origins {
		if o.by == "" {
			f.find(o, false, msg, hint)
			return
		}
	}
	for _, o := range m.origins {
		f.findPrinted(o, msg, hint)
		return
	}
}

// findPrinted warns of an item that may be in the output of a program, of which fanout does not know what it prints.
func (f *follower) findPrinted(o origin, msg, hint string) {
	if _, known := f.facts(o.by); !known && !strings.ContainsRune(o.by, ' ') {
		hint += "; or say what " + o.by + " prints (see fanout help programs)"
	}
	f.find(o, true, "if "+o.by+" prints the item, "+msg, hint)
}

// sourceOf is what the user wrote for a token.
func (f *follower) sourceOf(id int) string { return f.sources[id] }

// integer records that an item must be an integer.
func (f *follower) integer(id int) {
	if !slices.ContainsFunc(f.found, func(g Finding) bool { return g.Kind == Integer && g.ID == id }) {
		f.found = append(f.found, Finding{Kind: Integer, ID: id})
	}
}
