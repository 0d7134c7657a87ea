package input

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errEmptyDelimiter = errors.New("the delimiter is empty; give at least one character, or -0 for NUL")

// The C escapes of one letter, and what each stands for.
const (
	escapeLetters = `abfnrtv\`
	escapeBytes   = "\a\b\f\n\r\t\v\\"
)

// ParseDelimiter reads the value of -d: literal text in which C escapes stand for bytes. A lone backslash is
// itself, as it is for xargs -d.
func ParseDelimiter(s string) (string, error) {
	if s == "" {
		return "", errEmptyDelimiter
	}
	if s == `\` {
		return s, nil
	}
	var out strings.Builder
	for rest := s; rest != ""; {
		if rest[0] != '\\' {
			out.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		c, n, ok := unescape(rest[1:])
		if !ok {
			const use = `use \n \t \r \0 \\ \xHH or octal \NNN, and \\ for a backslash`
			return "", fmt.Errorf(`delimiter %q: bad escape at %q; %s`, s, rest, use)
		}
		out.WriteByte(c)
		rest = rest[1+n:]
	}
	return out.String(), nil
}

// unescape reads one escape, without its backslash, from the start of s, and returns its length.
func unescape(s string) (c byte, n int, ok bool) {
	if s == "" {
		return 0, 0, false
	}
	if i := strings.IndexByte(escapeLetters, s[0]); i >= 0 {
		return escapeBytes[i], 1, true
	}
	if s[0] == 'x' {
		c, n, ok = number(s[1:], 16, 2)
		return c, n + 1, ok
	}
	return number(s, 8, 3)
}

// number reads at most most digits as one byte.
func number(s string, base, most int) (c byte, n int, ok bool) {
	const digits = "0123456789abcdef"
	for n < min(most, len(s)) && strings.IndexByte(digits[:base], lower(s[n])) >= 0 {
		n++
	}
	v, err := strconv.ParseUint(s[:n], base, 8)
	return byte(v), n, err == nil
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
