package input

import (
	"fmt"
	"strings"

	"fanout/internal/hint"
)

// watched is a source of lines whose beginnings and ends are inspected.
type watched struct {
	name string
	seen *ends
	trim bool // the CR of CR LF is not part of the items
}

// watch lets Notes report on a file whose lines end with a newline.
func (in *Input) watch(name string, l *lines, trim bool) {
	if in.spec.Delimiter == newline {
		in.watched = append(in.watched, watched{name, &l.seen, trim})
	}
}

// Notes returns hints about files that are not lines of text in fanout's sense. Call it when they have been
// read.
func (in *Input) Notes() (notes []string) {
	for _, w := range in.watched {
		name, e := w.name, w.seen
		if name != stdinName {
			name = fmt.Sprintf("%q", name)
		}
		first := string(e.first)
		switch {
		case isUTF16(first):
			notes = append(notes, hint.UTF16.Say(name))
		case e.read == 1 && e.over && e.inner:
			notes = append(notes, hint.OneLine.Say(name))
		case e.read > 0 && !e.plain && !w.trim:
			notes = append(notes, hint.CRLF.Say(name))
		}
		if strings.HasPrefix(first, byteOrderMark) && !w.trim {
			notes = append(notes, hint.Mark.Say(name))
		}
	}
	return notes
}

// isUTF16 reports whether a text begins with the mark of UTF-16 and an ASCII character. The mark alone may
// be the name of a file.
func isUTF16(s string) bool {
	return len(s) >= 4 && (strings.HasPrefix(s, utf16Little) && s[3] == 0 || strings.HasPrefix(s, utf16Big) && s[2] == 0)
}

// bareCR reports whether a row of CSV has a CR outside of quotes, which does not end it.
func bareCR(row string) bool {
	quoted := false
	for i := range len(row) {
		switch {
		case row[i] == '"':
			quoted = !quoted
		case row[i] == '\r' && !quoted:
			return true
		}
	}
	return false
}
