package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name shows a name, such as that of a file, a flag or a host. It adds quotes when the name holds a blank, a quote, a
// backslash or an invisible character.
func Name(s string) string {
	for _, r := range s {
		if r == '"' || r == '\'' || r == '`' || r == '\\' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsGraphic(r) {
			return strconv.Quote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}

// Names shows several names, with commas.
func Names(all []string) string {
	shown := make([]string, len(all))
	for i, s := range all {
		shown[i] = Name(s)
	}
	return strings.Join(shown, ", ")
}

// Plain makes one harmless line of s: control characters and invisible ones become Go's escapes, such as \x1b. Tabs stay.
func Plain(s string) string { return visible(s, "\t") }

// visible escapes invisible characters, except those in keep. It allocates nothing for a text without any.
func visible(s, keep string) string {
	bad := func(r rune) bool { return !unicode.IsGraphic(r) && !strings.ContainsRune(keep, r) }
	if utf8.ValidString(s) && strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || bad(r) {
			quoted := strconv.QuoteToGraphic(s[i : i+n])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
