package template

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// arg is a word of a command as the command will see it, as far as is known.
type arg struct {
	text    string // without its quotes; a stand-in for each placeholder
	dynamic bool   // parts of it are known only to the shell
	ids     []int  // all tokens in it, also those in commands inside it
}

// arg resolves the quotes of a word.
func (w *walker) arg(word *syntax.Word) arg {
	a := arg{ids: w.names.under(word)}
	var b strings.Builder
	for _, p := range word.Parts {
		if s, ok := resolve(p); ok {
			b.WriteString(s)
		} else {
			a.dynamic = true
		}
	}
	a.text = b.String()
	return a
}

// resolve gives the text of a part of a word that has no expansion.
func resolve(p syntax.WordPart) (string, bool) {
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

// shape tells what the word costs as an argument.
func (w *walker) shape(a arg) shape {
	var out shape
	text := w.names.without(a.text)
	w.names.split(a.text, func(lit string) { out.lit += len(lit) }, func(_ byte, id int) {
		o := w.occs[id]
		if o.literal != "" {
			out.lit += len(o.literal)
			return
		}
		out.refs = append(out.refs, o.ref)
		out.repeated = out.repeated || o.ref.repeats(text)
	})
	return out
}
