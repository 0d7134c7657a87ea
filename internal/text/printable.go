package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clip cuts s to at most that many bytes, between characters, and shows that it did.
func Clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "..."
}

// Printable makes a clipped text that is safe for a terminal of anything that a program or an item may hold: control
// characters and invisible ones become U+FFFD.
func Printable(s string, most int) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(Clip(s, most), "\uFFFD"))
}

// Items names the items of a job: the first, quoted and clipped, and the number of the others.
func Items(first string, all int) string {
	const most = 80
	shown := strconv.Quote(Clip(first, most))
	if all > 1 {
		shown += fmt.Sprintf(" and %d more", all-1)
	}
	return shown
}

// LastLines returns the last lines of a job's standard error, each of them printable.
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
