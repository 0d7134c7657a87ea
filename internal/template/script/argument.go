package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// partText is a word of a command as the command will see it, as far as is known.
type arg struct {
	text    string // without its quotes; a stand-in for each placeholder
	dynamic bool   // parts of it are known only to the shell
	ids     []int  // all tokens in it, also those in commands inside it
}

// partText resolves the quotes of a word.
func (w *walker) resolve(word *syntax.Word) arg {
	a := arg{ids: w.standIns.under(word)}
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

// partText gives the text of a part of a word that has no expansion.
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

// unescape drops the backslash before any byte, or before those in only.
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

// convert tells what the word costs as an argument.
func (w *walker) argSize(a arg) words.ArgSize {
	var out words.ArgSize
	text := w.standIns.without(a.text)
	w.standIns.split(a.text, func(lit string) { out.Text += len(lit) }, func(_ byte, id int) {
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
