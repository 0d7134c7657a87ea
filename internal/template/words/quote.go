package words

import "strings"

// QuotePOSIX quotes s for any POSIX shell. It quotes every text, so that the result is one word wherever a
// word may stand.
func QuotePOSIX(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteCode quotes s for the code of another shell, which may be fish or csh. fish takes a backslash within single quotes
// for an escape in some places, so backslashes stand outside of them.
func QuoteCode(s string) string {
	return "'" + strings.NewReplacer("'", `'\''`, `\`, `'\\'`).Replace(s) + "'"
}

// BareChars need no quotes anywhere in a word.
const BareChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-"
