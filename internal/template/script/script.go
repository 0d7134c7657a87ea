// Package script compiles scripts, and keeps items out of code. A [Script] gets its items as parameters:
// [Compile] parses the text, decides for each placeholder how it can be spliced as an expansion, refuses
// every place that is not known to be safe, and parses the result once more. [CompileProgram] checks the
// words of a program in the same way. The package has no side effects.
package script

import (
	"errors"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// Script is the compiled text of a script.
type Script struct {
	text     string // what the user wrote
	standIns flow.StandIns
	pieces   []piece   // the script around its splices
	words    [][]piece // the repeated words
	occs     []*occurrence
	layout   layout
	integers []words.Ref // the placeholders whose values must be integers
	commands []words.ExecSize
	Plan     *words.Plan // how it runs without a shell; nil if it needs one
	Warnings []string    // what was accepted and may not be what was meant
}

// Options say how a text is compiled.
type Options struct {
	Scope    *words.Scope
	Piped    bool           // the items go to stdin: none is appended
	Programs *flow.Programs // what is known of programs
	Shell    string         // the name of the shell that runs a script; "" for bash
}

// compiler turns a text into a [Script].
type compiler struct {
	Options
	text     string // what the user wrote
	toks     []words.Token
	standIns flow.StandIns
	raw      string      // text with stand-ins, as it is parsed
	mended   [][2]string // what was mended in raw, and what it was before
}

// appended stands in messages for the item that is appended.
const appended = "{} (appended)"

// appendedToken is the placeholder of that item, at a place of the text.
func appendedToken(scope *words.Scope, at int) words.Token {
	return words.Token{Start: at, End: at, Source: appended, Ref: words.Ref{Spread: scope.Sources > 1}}
}

// Compile compiles the text of a script. Unless the items are piped to it, they are appended to a script
// without placeholders.
func Compile(text string, options Options) (*Script, error) {
	toks, err := options.Scope.Scan(text, true)
	if err != nil {
		return nil, err
	}
	c := &compiler{Options: options, text: text, toks: toks, standIns: flow.NewStandIns(text)}
	c.raw = c.standIns.Substitute(text, toks, 0)
	f, err := c.parse()
	if err != nil {
		return nil, err
	}
	if !c.Piped && !c.inScript() {
		if f, err = c.append(); err != nil {
			return nil, err
		}
	}
	return c.compile(f)
}

// parse parses the script. It mends $x{}, which a stand-in turned into another variable.
func (c *compiler) parse() (*syntax.File, error) {
	for range len(c.toks) + 1 {
		f, err := parseScript(c.raw, false)
		if err != nil {
			return nil, c.original(err.(*words.Error))
		}
		name, rest := c.glued(f)
		if name == "" {
			return f, nil
		}
		old, mended := "$"+name+rest, "${"+name+"}"+rest
		if !strings.Contains(c.raw, old) {
			break
		}
		c.raw = strings.Replace(c.raw, old, mended, 1)
		c.mended = append(c.mended, [2]string{mended, old})
	}
	return nil, &words.Error{Msg: "the name of a variable runs into the item", Hint: "write ${x}{}"}
}

// glued finds a variable whose name runs into a stand-in, and cuts the two apart.
func (c *compiler) glued(f *syntax.File) (name, rest string) {
	syntax.Walk(f, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Short && p.Param != nil && name == "" {
			if start, _, _, _, ok := c.standIns.Next(p.Param.Value); ok {
				name, rest = p.Param.Value[:start], p.Param.Value[start:]
			}
		}
		return true
	})
	return name, rest
}

// original moves an error in the text with stand-ins to its place in the user's text.
func (c *compiler) original(e *words.Error) error {
	if strings.Contains(e.Msg, c.standIns.Prefix) {
		for i, t := range c.toks {
			e.Msg = strings.ReplaceAll(e.Msg, c.standIns.Token(i), t.Source)
		}
	}
	if e.Line < 1 || e.Col < 1 {
		return e
	}
	start := 0
	for range e.Line - 1 {
		n := strings.IndexByte(c.text[start:], '\n')
		if n < 0 {
			return e
		}
		start += n + 1
	}
	col := e.Col - 1 // in the line with stand-ins
	at := start
	for i, t := range c.toks {
		if t.Start < start {
			continue
		}
		if t.Start-at >= col {
			break
		}
		col -= t.Start - at
		at = t.Start
		if col < len(c.standIns.Token(i)) {
			col = 0
			break
		}
		col -= len(c.standIns.Token(i))
		at = t.End
	}
	line := c.text[at:]
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	e.Col = at - start + min(col, len(line)) + 1
	return e
}

// inScript reports whether any placeholder stands outside of comments. {{}} is none.
func (c *compiler) inScript() bool {
	comments := c.comments()
	for i, t := range c.toks {
		if t.Literal == "" && !comments[i] {
			return true
		}
	}
	return false
}

// comments finds the tokens that stand in comments.
func (c *compiler) comments() map[int]bool {
	out := map[int]bool{}
	f, err := parseScript(c.raw, true)
	if err != nil {
		return out
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		if comment, ok := n.(*syntax.Comment); ok {
			for _, id := range c.standIns.Tokens(comment.Text) {
				out[id] = true
			}
		}
		return true
	})
	return out
}

// append puts the item at the end of the script, if it becomes an argument of the last command there.
func (c *compiler) append() (*syntax.File, error) {
	bad := &words.Error{
		Msg:  "the item cannot be appended to this script: its end takes no argument",
		Hint: "write {} where the item belongs",
	}
	if i := slices.IndexFunc(c.toks, func(t words.Token) bool { return t.Literal == "" }); i >= 0 {
		bad.Msg = c.toks[i].Source + " stands in a comment"
	}
	end := len(strings.TrimRight(c.text, " \t\n"))
	if end < len(c.text) && words.OddRun(c.text[:end], '\\') {
		end++ // an escaped blank, or a continued line
	}
	c.toks = append(c.toks, appendedToken(c.Scope, end))
	name := c.standIns.Token(len(c.toks) - 1)
	end += len(c.raw) - len(c.text)
	c.raw = c.raw[:end] + " " + name + c.raw[end:]
	f, err := parseScript(c.raw, false)
	if err != nil {
		return nil, bad
	}
	ok := false
	syntax.Walk(f, func(n syntax.Node) bool {
		if call, isCall := n.(*syntax.CallExpr); isCall && len(call.Args) > 1 {
			ok = ok || call.Args[len(call.Args)-1].Lit() == name
		}
		return true
	})
	if !ok {
		return nil, bad
	}
	return f, nil
}

// restored undoes the mending in a text.
func (c *compiler) restored(text string) string {
	for _, pair := range c.mended {
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	return text
}

// compile decides how each placeholder is spliced, splices it, and verifies the result.
func (c *compiler) compile(f *syntax.File) (*Script, error) {
	w := &walker{standIns: c.standIns, src: &edits{text: c.raw}, batched: c.Scope.Several}
	for i, t := range c.toks {
		w.occs = append(w.occs, &occurrence{Token: t, id: i})
	}
	w.analysis = analyse(f)
	s := &Script{text: c.text, standIns: c.standIns, occs: w.occs}
	if at := misread(f, c.raw); at >= 0 && len(c.toks) > 0 {
		unclear := &words.Error{Msg: "bash may not read this as it looks", Hint: "put a blank or quotes here"}
		return nil, c.original(unclear.At(c.raw, at))
	}
	if parsable(c.raw) == c.raw {
		s.Plan = nativePlan(f, w)
	}
	before := paths(f, c.standInsOf)
	w.stmts(f.Stmts)
	if w.refused == nil {
		w.follow(flow.Follow(flow.Script{
			File: f, Names: c.standIns, Tokens: c.toks, Batched: w.batched, Programs: c.Programs, Parse: parseCode,
			Shell: c.Shell,
		}))
	}
	if w.refused == nil {
		w.refused = c.missed(w)
	}
	if w.refused != nil {
		return nil, c.at(*w.refused)
	}
	if strings.Contains(c.text, "\r\n") {
		s.Warnings = append(s.Warnings, "the lines of the script end with CR LF, and bash reads each CR as part of a word; "+
			`remove them with tr -d '\r'`)
	}
	for _, warning := range w.warnings {
		s.Warnings = append(s.Warnings, c.at(warning).Error())
	}
	s.commands = w.calls
	if len(c.toks) == 0 {
		return s, nil
	}
	for i, text := range w.words {
		w.words[i] = c.restored(text)
	}
	s.assemble(w, c.restored(w.src.all()), c.Scope)
	return s, c.verify(s, before)
}

// Placeholder returns the first placeholder of the script as the user wrote it; "" if there is none.
func (s *Script) Placeholder() string {
	for _, o := range s.occs {
		if o.Literal == "" {
			return o.Source
		}
	}
	return ""
}

// follow takes over what was found out about where the items go.
func (w *walker) follow(found []flow.Finding) {
	for _, f := range found {
		switch f.Kind {
		case flow.Refusal:
			w.refuse(f.ID, f.Msg, f.Hint)
		case flow.Warning:
			w.warnings = append(w.warnings, finding{id: f.ID, msg: f.Msg, hint: f.Hint})
		case flow.Integer:
			w.requireInteger([]int{f.ID})
		}
	}
}

// parseCode parses code within a script. What bash may read otherwise than the parser is an error.
func parseCode(code string) (*syntax.File, error) {
	f, err := parseScript(code, false)
	if err == nil && misread(f, code) >= 0 {
		err = errors.New("bash may not read this as it looks")
	}
	return f, err
}

// missed finds a token that the walk did not reach.
func (c *compiler) missed(w *walker) *finding {
	var comments map[int]bool
	for _, o := range w.occs {
		if o.quoting != unseen {
			continue
		}
		if comments == nil {
			comments = c.comments()
		}
		if !comments[o.id] {
			return &finding{id: o.id, msg: "the item cannot stand here", hint: `put it in a variable first: x={}; ... "$x"`}
		}
		o.quoting = inComment
	}
	return nil
}

// at returns a finding as an error at its token.
func (c *compiler) at(f finding) *words.Error {
	t := c.toks[f.id]
	return (&words.Error{Msg: t.Source + ": " + f.msg, Hint: f.hint}).At(c.text, t.Start)
}
