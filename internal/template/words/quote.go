package words

import "strings"

// QuotePOSIX quotes s for any POSIX shell. It quotes every text, so that the result is one word wherever a
// word may stand.
func QuotePOSIX(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// BareChars need no quotes anywhere in a word.
const BareChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-"
