package report

import (
	"io"
	"strings"
	"unicode/utf8"
)

// textWriter replaces what is not UTF-8 by U+FFFD, whatever of a journal it comes from.
type textWriter struct {
	to   io.Writer
	part []byte // the beginning of a character
}

func (w *textWriter) Write(p []byte) (int, error) {
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

// flush is for the end of the text.
func (w *textWriter) flush() error {
	if len(w.part) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, valid(w.part))
	w.part = nil
	return err
}

// valid has U+FFFD for each byte that belongs to no character.
func valid(text []byte) string { return strings.Map(func(r rune) rune { return r }, string(text)) }
