package template

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// script is a compiled script form.
type script struct {
	text     string // as the user wrote it, if nothing is spliced
	names    names
	pieces   []piece   // the script around its splices
	words    [][]piece // the repeated words
	occs     []*occurrence
	layout   layout
	checked  []ref // placeholders whose values must be integers
	calls    []load
	plan     *Plan
	warnings []string
}

// compiler turns the text of a script into a script.
type compiler struct {
	spec  *Spec
	text  string // what the user wrote
	toks  []token
	names names
	raw   string // text with stand-ins
}

// appended stands in messages for the item that is appended.
const appended = "{} (appended)"

const writeWhere = "write {} where the item belongs"

func compileScript(spec *Spec, text string) (*script, error) {
	toks, err := scanner{spec}.scan(text, true)
	if err != nil {
		return nil, err
	}
	c := &compiler{spec: spec, text: text, toks: toks, names: newNames(text)}
	c.raw = c.names.substitute(text, toks, 0)
	f, err := c.parse()
	if err != nil {
		return nil, err
	}
	if !spec.Pipe && !c.inScript() {
		if f, err = c.append(); err != nil {
			return nil, err
		}
	}
	return c.compile(f)
}

// parseScript parses bash. Its errors are *Error without a hint.
func parseScript(text string, comments bool) (*syntax.File, error) {
	p := syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(comments))
	f, err := p.Parse(strings.NewReader(text), "")
	var pe syntax.ParseError
	var le syntax.LangError
	switch {
	case errors.As(err, &pe):
		return nil, &Error{Line: int(pe.Pos.Line()), Col: int(pe.Pos.Col()), Msg: pe.Text}
	case errors.As(err, &le):
		e := &Error{Line: int(le.Pos.Line()), Col: int(le.Pos.Col())}
		le.Filename, le.Pos = "", syntax.Pos{}
		e.Msg = "not bash: " + le.Error()
		return nil, e
	case err != nil:
		return nil, &Error{Msg: err.Error()}
	}
	return f, nil
}

// parse parses the script, and mends $x{}, which a stand-in turned into
// another variable.
func (c *compiler) parse() (*syntax.File, error) {
	for range len(c.toks) + 1 {
		f, err := parseScript(c.raw, false)
		if err != nil {
			return nil, c.original(err.(*Error))
		}
		glued := c.glued(f)
		if glued == "" {
			return f, nil
		}
		i := strings.IndexByte(glued, 0)
		old := "$" + glued[:i] + glued[i+1:]
		if !strings.Contains(c.raw, old) {
			return nil, &Error{Msg: "a variable and the item are written as one", Hint: "write ${x}{}"}
		}
		c.raw = strings.Replace(c.raw, old, "${"+glued[:i]+"}"+glued[i+1:], 1)
	}
	return nil, &Error{Msg: "a variable and the item are written as one", Hint: "write ${x}{}"}
}

// glued finds a variable whose name runs into a stand-in: name, NUL, stand-in.
func (c *compiler) glued(f *syntax.File) string {
	var out string
	syntax.Walk(f, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Short && p.Param != nil && out == "" {
			if start, _, _, _, ok := c.names.next(p.Param.Value); ok && start > 0 {
				out = p.Param.Value[:start] + "\x00" + p.Param.Value[start:]
			}
		}
		return true
	})
	return out
}

// original gives an error of the text with stand-ins the place in the user's text.
func (c *compiler) original(e *Error) error {
	if strings.Contains(e.Msg, c.names.prefix) {
		for i, t := range c.toks {
			e.Msg = strings.ReplaceAll(e.Msg, c.names.token(i), t.src)
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
		if t.start < start {
			continue
		}
		if t.start-at >= col {
			break
		}
		col -= t.start - at
		at = t.start
		if col < len(c.names.token(i)) {
			col = 0
			break
		}
		col -= len(c.names.token(i))
		at = t.end
	}
	line := c.text[at:]
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	e.Col = at - start + min(col, len(line)) + 1
	return e
}

// inScript tells whether any token stands outside of comments.
func (c *compiler) inScript() bool {
	return len(c.comments()) < len(c.toks)
}

// comments are the tokens that stand in comments.
func (c *compiler) comments() map[int]bool {
	out := map[int]bool{}
	f, err := parseScript(c.raw, true)
	if err != nil {
		return out
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		if comment, ok := n.(*syntax.Comment); ok {
			for _, id := range c.names.tokens(comment.Text) {
				out[id] = true
			}
		}
		return true
	})
	return out
}

// append puts the item at the end of the script, if that makes it an argument
// of the last command.
func (c *compiler) append() (*syntax.File, error) {
	bad := &Error{Msg: "the item cannot be appended to this script: its end takes no argument", Hint: writeWhere}
	end := len(strings.TrimRight(c.text, " \t\r\n"))
	c.toks = append(c.toks, token{start: end, end: end, src: appended, ref: ref{spread: c.spec.Sources > 1}})
	name := c.names.token(len(c.toks) - 1)
	c.raw = strings.TrimRight(c.raw, " \t\r\n") + " " + name
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

// compile classifies, splices, prints and verifies.
func (c *compiler) compile(f *syntax.File) (*script, error) {
	w := &walker{names: c.names, multi: c.spec.batched()}
	for i, t := range c.toks {
		w.occs = append(w.occs, &occurrence{token: t, id: i})
	}
	w.facts = gather(f, w.names, w.occs, w.multi)
	s := &script{text: c.text, names: c.names, occs: w.occs}
	s.plan = nativePlan(f, w)
	before := paths(f, c.standIns)
	w.flows()
	w.stmts(f.Stmts)
	if w.err == nil {
		w.err = c.missed(w)
	}
	if w.err != nil {
		return nil, c.at(w.err.id, w.err.msg, w.err.hint)
	}
	for _, warning := range w.warnings {
		s.warnings = append(s.warnings, c.at(warning.id, warning.msg, warning.hint).Error())
	}
	s.calls = w.calls
	if len(c.toks) == 0 {
		return s, nil
	}
	text, err := printNode(f)
	if err != nil {
		return nil, &Error{Msg: "the script cannot be printed: " + err.Error()}
	}
	s.assemble(w, strings.TrimRight(text, "\n"), c.spec)
	return s, c.verify(s, before)
}

// missed finds a token that the walk has not come by.
func (c *compiler) missed(w *walker) *refusal {
	var comments map[int]bool
	for _, o := range w.occs {
		if o.quoting != unseen {
			continue
		}
		if comments == nil {
			comments = c.comments()
		}
		if !comments[o.id] {
			return &refusal{o.id, "the item cannot stand here", `put it in a variable first: x={}; ... "$x"`}
		}
		o.quoting = comment
	}
	return nil
}

// at is an error at a token.
func (c *compiler) at(id int, msg, hint string) *Error {
	t := c.toks[id]
	return position(c.text, t.start, &Error{Msg: t.src + ": " + msg, Hint: hint}).(*Error)
}
