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
	ids     []int  // all tokens in the word, also those in commands inside it
}

// resolve removes the quotes of a word.
func resolve(names flow.StandIns, word *syntax.Word) arg {
	a := arg{ids: names.Under(word)}
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
		return unescape(p.Value, ""), true
	case *syntax.SglQuoted:
		return p.Value, !p.Dollar || !strings.ContainsRune(p.Value, '\\')
	case *syntax.DblQuoted:
		var b strings.Builder
		for _, q := range p.Parts {
			lit, ok := q.(*syntax.Lit)
			if !ok {
				return "", false
			}
			b.WriteString(unescape(lit.Value, "$`\"\\\n"))
		}
		return b.String(), !p.Dollar
	}
	return "", false
}

// unescape removes the backslash before any byte, or only before the bytes in only.
func unescape(s, only string) string {
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (only == "" || strings.IndexByte(only, s[i+1]) >= 0) {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
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
