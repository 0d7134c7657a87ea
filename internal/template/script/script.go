package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// Script is a compiled script form.
type Script struct {
	text     string // as the user wrote it
	standIns standIns
	pieces   []piece   // the script around its splices
	words    [][]piece // the repeated words
	occs     []*occurrence
	layout   layout
	integers []words.Ref // placeholders whose values must be integers
	commands []words.ExecSize
	Plan     *words.Plan // how it runs without a shell; nil if it needs one
	Warnings []string    // what was accepted and may not be what was meant
}

// compiler turns the text of a script into a script.
type compiler struct {
	scope    *words.Scope
	piped    bool   // the items go to stdin, and none is appended
	text     string // what the user wrote
	toks     []words.Token
	standIns standIns
	raw      string      // text with stand-ins, as it is parsed
	mended   [][2]string // what was mended in it, and how it was before
}

// appended stands in messages for the item that is appended.
const appended = "{} (appended)"

const writeWhere = "write {} where the item belongs"

// Compile compiles the text of a script.
func Compile(scope *words.Scope, text string, piped bool) (*Script, error) {
	toks, err := scope.Scan(text, true)
	if err != nil {
		return nil, err
	}
	c := &compiler{scope: scope, piped: piped, text: text, toks: toks, standIns: newStandIns(text)}
	c.raw = c.standIns.substitute(text, toks, 0)
	f, err := c.parse()
	if err != nil {
		return nil, err
	}
	if !piped && !c.inScript() {
		if f, err = c.append(); err != nil {
			return nil, err
		}
	}
	return c.compile(f)
}

// parseRef parses the script, and mends $x{}, which a stand-in turned into
// another variable.
func (c *compiler) parse() (*syntax.File, error) {
	for range len(c.toks) + 1 {
		f, err := parseScript(c.raw, false)
		if err != nil {
			return nil, c.original(err.(*words.Error))
		}
		glued := c.glued(f)
		if glued == "" {
			return f, nil
		}
		i := strings.IndexByte(glued, 0)
		old := "$" + glued[:i] + glued[i+1:]
		if !strings.Contains(c.raw, old) {
			return nil, &words.Error{Msg: "a variable and the item are written as one", Hint: "write ${x}{}"}
		}
		mended := "${" + glued[:i] + "}" + glued[i+1:]
		c.raw = strings.Replace(c.raw, old, mended, 1)
		c.mended = append(c.mended, [2]string{mended, old})
	}
	return nil, &words.Error{Msg: "a variable and the item are written as one", Hint: "write ${x}{}"}
}

// glued finds a variable whose name runs into a stand-in: name, NUL, stand-in.
func (c *compiler) glued(f *syntax.File) string {
	var out string
	syntax.Walk(f, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Short && p.Param != nil && out == "" {
			if start, _, _, _, ok := c.standIns.next(p.Param.Value); ok && start > 0 {
				out = p.Param.Value[:start] + "\x00" + p.Param.Value[start:]
			}
		}
		return true
	})
	return out
}

// original gives an error of the text with stand-ins the place in the user's text.
func (c *compiler) original(e *words.Error) error {
	if strings.Contains(e.Msg, c.standIns.prefix) {
		for i, t := range c.toks {
			e.Msg = strings.ReplaceAll(e.Msg, c.standIns.token(i), t.Source)
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
		if col < len(c.standIns.token(i)) {
			col = 0
			break
		}
		col -= len(c.standIns.token(i))
		at = t.End
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
			for _, id := range c.standIns.tokens(comment.Text) {
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
	bad := &words.Error{Msg: "the item cannot be appended to this script: its end takes no argument", Hint: writeWhere}
	end := len(strings.TrimRight(c.text, " \t\n"))
	if end < len(c.text) && words.OddRun(c.text[:end], '\\') {
		end++ // a blank that is escaped, or a line that goes on
	}
	c.toks = append(c.toks, words.Token{Start: end, End: end, Source: appended, Ref: words.Ref{Spread: c.scope.Sources > 1}})
	name := c.standIns.token(len(c.toks) - 1)
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

// restored is text without what was mended for the parser.
func (c *compiler) restored(text string) string {
	for _, pair := range c.mended {
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	return text
}

// compile classifies, splices and verifies.
func (c *compiler) compile(f *syntax.File) (*Script, error) {
	w := &walker{standIns: c.standIns, src: &edits{text: c.raw}, batched: c.scope.Several}
	for i, t := range c.toks {
		w.occs = append(w.occs, &occurrence{Token: t, id: i})
	}
	w.analysis = analyse(f, w.standIns, w.occs, w.batched)
	s := &Script{text: c.text, standIns: c.standIns, occs: w.occs}
	if at := misread(f, c.raw); at >= 0 && len(c.toks) > 0 {
		return nil, c.original((&words.Error{Msg: "bash can read this in another way than it looks", Hint: "put a blank or quotes there"}).At(c.raw, at))
	}
	if parsable(c.raw) == c.raw {
		s.Plan = nativePlan(f, w)
	}
	before := paths(f, c.standInsOf)
	w.checkFlows()
	w.stmts(f.Stmts)
	if w.refused == nil {
		w.refused = c.missed(w)
	}
	if w.refused != nil {
		return nil, c.at(w.refused.id, w.refused.msg, w.refused.hint)
	}
	if strings.Contains(c.text, "\r\n") {
		s.Warnings = append(s.Warnings, `the lines of the script end with CR LF, and bash takes each CR for a part of the last word; tr -d '\r' removes them`)
	}
	for _, warning := range w.warnings {
		s.Warnings = append(s.Warnings, c.at(warning.id, warning.msg, warning.hint).Error())
	}
	s.commands = w.calls
	if len(c.toks) == 0 {
		return s, nil
	}
	for i, text := range w.words {
		w.words[i] = c.restored(text)
	}
	s.assemble(w, c.restored(w.src.all()), c.scope)
	return s, c.verify(s, before)
}

// Placeholder is the first placeholder of the script, as the user wrote it; "" if there is none.
func (s *Script) Placeholder() string {
	for _, o := range s.occs {
		if o.Literal == "" {
			return o.Source
		}
	}
	return ""
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
		o.quoting = inComment
	}
	return nil
}

// tokenAt is an error at a token.
func (c *compiler) at(id int, msg, hint string) *words.Error {
	t := c.toks[id]
	return (&words.Error{Msg: t.Source + ": " + msg, Hint: hint}).At(c.text, t.Start)
}
