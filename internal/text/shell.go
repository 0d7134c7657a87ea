package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShellWords quotes words for people and for bash, on one line.
func ShellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = ShellWord(word)
	}
	return strings.Join(quoted, " ")
}

// ShellWord quotes a word for people and for bash, on one line.
func ShellWord(s string) string {
	if s == "" {
		return "''"
	}
	plain := true
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			return ansi(s)
		}
		if r >= utf8.RuneSelf || !strings.ContainsRune(bare, r) {
			plain = false
		}
		i += n
	}
	if plain || s == "{}" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// bare holds the characters that need no quotes anywhere in a word.
const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-"

// ansi quotes s as $'…'. Bytes are octal with three digits, so that neither the locale nor the next character changes
// their meaning.
func ansi(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r) && (r != utf8.RuneError || n > 1):
			b.WriteRune(r)
		default:
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		i += n
	}
	b.WriteByte('\'')
	return b.String()
}
