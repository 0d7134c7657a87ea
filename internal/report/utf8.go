package report

import (
	"io"
	"strings"
	"unicode/utf8"
)

// utf8Writer replaces each byte that is not UTF-8 by U+FFFD. A journal may hold any bytes.
type utf8Writer struct {
	to   io.Writer
	part []byte // the beginning of a character that the next Write completes
}

func (w *utf8Writer) Write(p []byte) (int, error) {
	all := append(w.part, p...)
	end := len(all)
	for i := end - 1; i >= max(0, end-utf8.UTFMax); i-- {
		if utf8.RuneStart(all[i]) {
			if !utf8.FullRune(all[i:]) {
				end = i
			}
			break
		}
	}
	_, err := io.WriteString(w.to, valid(all[:end]))
	w.part = append([]byte(nil), all[end:]...)
	return len(p), err
}

// flush ends the text.
func (w *utf8Writer) flush() error {
	if len(w.part) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, valid(w.part))
	w.part = nil
	return err
}

// valid replaces each byte that belongs to no character by U+FFFD.
func valid(b []byte) string { return strings.Map(func(r rune) rune { return r }, string(b)) }
