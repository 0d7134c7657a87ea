package execute

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// builtin does what bash's builtin of that name does: it appends its output to dst, and returns the status.
func builtin(dst []byte, name string, args []string) ([]byte, int) {
	switch name {
	case "echo":
		return echo(dst, args), 0
	case "false":
		return dst, 1
	default:
		return dst, 0
	}
}

// echo follows bash, without its xpg_echo: leading words made of n, e and E alone are options.
func echo(dst []byte, args []string) []byte {
	newline, escapes := true, false
	for len(args) > 0 && isEchoOption(args[0]) {
		for _, c := range args[0][1:] {
			switch c {
			case 'n':
				newline = false
			case 'e':
				escapes = true
			case 'E':
				escapes = false
			}
		}
		args = args[1:]
	}
	for i, arg := range args {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if !escapes {
			dst = append(dst, arg...)
			continue
		}
		var stop bool
		if dst, stop = unescape(dst, arg); stop {
			return dst
		}
	}
	if newline {
		dst = append(dst, '\n')
	}
	return dst
}

func isEchoOption(s string) bool {
	return len(s) > 1 && s[0] == '-' && strings.Trim(s[1:], "neE") == ""
}

// unescape appends s with the escapes of echo -e replaced. stop reports \c, after which nothing more is printed.
func unescape(dst []byte, s string) (_ []byte, stop bool) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		if simple := strings.IndexByte(`abefnrtv\E`, s[i]); simple >= 0 {
			dst = append(dst, "\a\b\x1b\f\n\r\t\v\\\x1b"[simple])
			continue
		}
		switch s[i] {
		case 'c':
			return dst, true
		case '0':
			value, n := number(s[i+1:], 8, 3)
			dst = append(dst, byte(value))
			i += n
		case 'x', 'u', 'U':
			value, n := number(s[i+1:], 16, map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]])
			switch {
			case n == 0:
				dst = append(dst, '\\', s[i])
			case s[i] == 'x':
				dst = append(dst, byte(value))
			default:
				dst = utf8.AppendRune(dst, rune(value))
			}
			i += n
		default:
			dst = append(dst, '\\', s[i])
		}
	}
	return dst, false
}

// number reads at most that many digits at the beginning of s.
func number(s string, base, digits int) (value uint64, n int) {
	for n < min(digits, len(s)) {
		v, err := strconv.ParseUint(s[:n+1], base, 64)
		if err != nil {
			break
		}
		value = v
		n++
	}
	return value, n
}
