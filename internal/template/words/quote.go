package words

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// QuotePOSIX quotes s for any POSIX shell. It quotes every text, so that the result is one word wherever a
// word may stand.
func QuotePOSIX(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteBash quotes s for people and for bash, on one line.
func QuoteBash(s string) string {
	if s == "" {
		return "''"
	}
	plain := true
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			return quoteANSI(s)
		}
		if r >= utf8.RuneSelf || !strings.ContainsRune(BareChars, r) {
			plain = false
		}
		i += n
	}
	if plain {
		return s
	}
	return QuotePOSIX(s)
}

// BareChars need no quotes anywhere in a word.
const BareChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-"

// quoteANSI writes s as $'…'. Bytes have three octal digits, so that neither the locale nor the next
// character changes their meaning.
func quoteANSI(s string) string {
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
