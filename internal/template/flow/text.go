package flow

import (
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// trimmed removes the newlines at the end.
func (f *follower) trimmed(v value) value {
	out := make(value, 0, len(v))
	for _, s := range v {
		if s = strings.TrimRight(s, "\n"); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// written is text that stands in the script or in code. In the script itself, the items in it are parameters. In code,
// they are words that were quoted for it.
func (f *follower) written(s string) value {
	if f.nested == "" || len(f.ids(s)) == 0 {
		return text(f.withLiterals(s))
	}
	return f.unquote(text(s), f.nested)
}

// withLiterals puts literal braces in place of their stand-ins.
func (f *follower) withLiterals(s string) string {
	if !strings.Contains(s, f.names.Prefix) {
		return s
	}
	var b strings.Builder
	f.names.Split(s, func(lit string) { b.WriteString(lit) }, func(_ byte, id int) {
		switch m := f.marks[id]; {
		case m.literal != "":
			b.WriteString(m.literal)
		case !m.data() && m.file == nil && f.sinks[id] == nil:
			b.WriteString(f.clean())
		default:
			b.WriteString(f.names.Token(id))
		}
	})
	return b.String()
}

// rawText is the text of a here-document that is not expanded.
func (f *follower) rawText(w *syntax.Word) string {
	var b strings.Builder
	for _, p := range w.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			b.WriteString(lit.Value)
		}
	}
	return f.withLiterals(b.String())
}

// decoded is the text of $'…', and of a format of printf.
func decoded(s string) string {
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		plain := strings.IndexByte(`abefnrtv\'"?`, s[i])
		digits, base := "", 8
		switch {
		case plain >= 0:
			b.WriteByte("\a\b\x1b\f\n\r\t\v\\'\"?"[plain])
			continue
		case s[i] == 'x' || s[i] == 'u' || s[i] == 'U':
			digits, base = leading(s[i+1:], "0123456789abcdefABCDEF", map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]), 16
			i += len(digits)
		default:
			digits = leading(s[i:], "01234567", 4)
			i += len(digits) - 1
		}
		n, err := strconv.ParseInt(digits, base, 32)
		if err != nil {
			b.WriteByte('\\')
			b.WriteByte(s[max(i, 0)])
			continue
		}
		if base == 8 || n < 0x80 {
			b.WriteByte(byte(n))
		} else {
			b.WriteRune(rune(n))
		}
	}
	return b.String()
}

// leading is the beginning of a text that has only these characters, and is no longer than most.
func leading(s, chars string, most int) string {
	n := min(len(s)-len(strings.TrimLeft(s, chars)), most)
	return s[:n]
}
