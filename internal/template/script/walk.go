package script

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// walker goes down the syntax tree of a script, decides for each placeholder how it can be spliced, and
// refuses every place that is not known to be safe: a token that it does not reach is refused at the end.
type walker struct {
	standIns   flow.StandIns
	occs       []*occurrence
	analysis   analysis
	src        *edits           // the text of the script
	batched    bool             // jobs can have several items
	backquotes int              // the depth of backquotes around the walk
	inLet      bool             // the walk is in let, where blanks end an expression
	words      []string         // the text of words that are repeated for each item
	calls      []words.ExecSize // the arguments of each command, for the limits
	warnings   []finding
	refused    *finding // the first refusal
}

// refuse refuses a placeholder. Literal braces may stand anywhere.
func (w *walker) refuse(id int, msg, hint string) {
	if w.occs[id].Literal == "" {
		w.refuseAny(id, msg, hint)
	}
}

// refuseAny refuses a token, also literal braces. The first refusal counts.
func (w *walker) refuseAny(id int, msg, hint string) {
	if w.refused == nil {
		w.refused = &finding{id: id, msg: msg, hint: hint}
	}
}

// refuseAll refuses every token below a node.
func (w *walker) refuseAll(node syntax.Node, msg, hint string) {
	for _, id := range w.standIns.Under(node) {
		w.refuse(id, msg, hint)
	}
}

func (w *walker) stmts(list []*syntax.Stmt) {
	for _, s := range list {
		w.stmt(s)
	}
}

func (w *walker) stmt(s *syntax.Stmt) {
	if s == nil {
		return
	}
	if s.Cmd != nil {
		w.command(s.Cmd)
	}
	for _, r := range s.Redirs {
		w.redirect(r)
	}
}

func (w *walker) command(c syntax.Command) {
	switch c := c.(type) {
	case *syntax.CallExpr:
		w.call(c)
	case *syntax.BinaryCmd:
		w.stmt(c.X)
		w.stmt(c.Y)
	case *syntax.Block:
		w.stmts(c.Stmts)
	case *syntax.Subshell:
		w.stmts(c.Stmts)
	case *syntax.IfClause:
		for ; c != nil; c = c.Else {
			w.stmts(c.Cond)
			w.stmts(c.Then)
		}
	case *syntax.WhileClause:
		w.stmts(c.Cond)
		w.stmts(c.Do)
	case *syntax.ForClause:
		w.loop(c.Loop)
		w.stmts(c.Do)
	case *syntax.CaseClause:
		w.caseClause(c)
	case *syntax.TimeClause:
		w.stmt(c.Stmt)
	case *syntax.TestClause:
		w.test(c.X)
	case *syntax.ArithmCmd:
		w.arithm(c.X)
	case *syntax.LetClause:
		w.inLet = true
		for _, x := range c.Exprs {
			w.arithm(x)
		}
		w.inLet = false
	case *syntax.DeclClause:
		w.declare(c)
	case *syntax.FuncDecl:
		if c.Name != nil {
			w.refuseAll(c.Name, "the item cannot name a function", "")
		}
		w.stmt(c.Body)
	case *syntax.CoprocClause:
		if c.Name != nil {
			w.refuseAll(c.Name, "the item cannot name a coprocess", "")
		}
		w.stmt(c.Stmt)
	}
}

func (w *walker) loop(l syntax.Loop) {
	switch l := l.(type) {
	case *syntax.WordIter:
		w.refuseAll(l.Name, nameOfVariable, nameHint)
		for _, word := range l.Items {
			w.argument(word)
		}
	case *syntax.CStyleLoop:
		for _, x := range []syntax.ArithmExpr{l.Init, l.Cond, l.Post} {
			if x != nil {
				w.arithm(x)
			}
		}
	}
}

func (w *walker) caseClause(c *syntax.CaseClause) {
	w.word(c.Word)
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			w.word(p)
		}
		w.stmts(item.Stmts)
	}
}

func (w *walker) call(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		w.assign(a)
	}
	if len(c.Args) == 0 {
		return
	}
	var l words.ExecSize
	for _, word := range c.Args {
		l.Args = append(l.Args, w.argSize(resolve(word)))
	}
	w.calls = append(w.calls, l)
	for _, word := range c.Args {
		w.argument(word)
	}
}

// argument visits a word that a batch repeats.
func (w *walker) argument(word *syntax.Word) {
	direct := w.directTokens(word.Parts)
	w.word(word)
	if len(direct) == 1 && len(word.Parts) == 1 {
		o := w.occs[direct[0]]
		lit, ok := word.Parts[0].(*syntax.Lit)
		o.whole = ok && lit.Value == w.standIns.Token(o.id)
	}
	per, text := false, w.standIns.Without(resolve(word).text)
	for _, id := range direct {
		per = per || w.occs[id].Literal == "" && w.occs[id].Ref.Repeats(text)
	}
	if !w.batched || !per {
		return
	}
	for _, id := range direct {
		w.occs[id].repeated = true
	}
	if err := w.cutWord(word); err != nil {
		w.refuseAny(direct[0], "its word cannot be repeated for a batch: "+err.Error(), "use a batch of one")
	}
}

// cutWord moves a word out of the text, and leaves a stand-in there.
func (w *walker) cutWord(word *syntax.Word) error {
	start, end, err := w.src.span(word)
	if err != nil {
		return err
	}
	text := w.src.slice(start, end)
	if strings.Contains(text, w.standIns.Prefix+"w") {
		return errors.New("a command in it repeats the items too")
	}
	name := w.standIns.Word(len(w.words))
	w.words = append(w.words, text)
	w.src.replace(start, end, name)
	return nil
}

// directTokens lists the tokens of a word that are not in a command inside it.
func (w *walker) directTokens(parts []syntax.WordPart) []int {
	var ids []int
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
		case *syntax.DblQuoted:
			ids = append(ids, w.directTokens(p.Parts)...)
		default:
			syntax.Walk(p, func(n syntax.Node) bool {
				switch n := n.(type) {
				case *syntax.CmdSubst, *syntax.ProcSubst:
					return false
				case *syntax.Lit:
					ids = append(ids, w.standIns.Tokens(n.Value)...)
				case *syntax.SglQuoted:
					ids = append(ids, w.standIns.Tokens(n.Value)...)
				}
				return true
			})
		}
	}
	return ids
}

// finding is a refusal or a warning about one token.
type finding struct {
	id        int
	msg, hint string
}
