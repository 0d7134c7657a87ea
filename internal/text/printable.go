package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes of what a program or an item may hold a line that is safe for a terminal:
// not longer than so many bytes, and without characters that do anything.
func Printable(s string, most int) string {
	if len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// LastLines is the last of a job's standard error, made printable.
func LastLines(tail string, lines int) []string {
	const most = 200
	all := strings.Split(strings.TrimRight(tail, "\n"), "\n")
	if all[len(all)-1] == "" {
		return nil
	}
	all = all[max(0, len(all)-lines):]
	for i, line := range all {
		all[i] = Printable(line, most)
	}
	return all
}
