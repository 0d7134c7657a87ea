package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// arg is a word of a command as the command will see it, as far as that is known.
type arg struct {
	text    string // the word without its quotes, with a stand-in for each placeholder
	dynamic bool   // only the shell knows some parts of it
}

// resolve removes the quotes of a word.
func resolve(word *syntax.Word) arg {
	var a arg
	var b strings.Builder
	for _, p := range word.Parts {
		if s, ok := partText(p); ok {
			b.WriteString(s)
		} else {
			a.dynamic = true
		}
	}
	a.text = b.String()
	return a
}

// partText returns the text of a part of a word, if the part has no expansion.
func partText(p syntax.WordPart) (string, bool) {
	switch p := p.(type) {
	case *syntax.Lit:
		return flow.Unescape(p.Value, ""), true
	case *syntax.SglQuoted:
		return p.Value, !p.Dollar || !strings.ContainsRune(p.Value, '\\')
	case *syntax.DblQuoted:
		var b strings.Builder
		for _, q := range p.Parts {
			lit, ok := q.(*syntax.Lit)
			if !ok {
				return "", false
			}
			b.WriteString(flow.Unescape(lit.Value, "$`\"\\\n"))
		}
		return b.String(), !p.Dollar
	}
	return "", false
}

// argSize returns the size of the word as an argument.
func (w *walker) argSize(a arg) words.ArgSize {
	var out words.ArgSize
	text := w.standIns.Without(a.text)
	w.standIns.Split(a.text, func(lit string) { out.Text += len(lit) }, func(_ byte, id int) {
		o := w.occs[id]
		if o.Literal != "" {
			out.Text += len(o.Literal)
			return
		}
		out.Refs = append(out.Refs, o.Ref)
		out.Repeated = out.Repeated || o.Ref.Repeats(text)
	})
	return out
}
