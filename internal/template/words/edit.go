package words

import "strings"

// edit changes literal text in an item. Equal edits of a Scope are one, so that placeholders can be compared.
type edit struct {
	sign byte   // '%' cuts off text at the end, '#' at the beginning, '/' replaces its first occurrence
	text string // never empty
	new  string // of '/'
}

// apply returns s with the change. It copies s only if it replaces something.
func (e *edit) apply(s string) string {
	switch e.sign {
	case '%':
		return strings.TrimSuffix(s, e.text)
	case '#':
		return strings.TrimPrefix(s, e.text)
	default:
		return strings.Replace(s, e.text, e.new, 1)
	}
}

// editOf returns the scope's one edit of these texts.
func (s *Scope) editOf(e edit) *edit {
	for _, have := range s.edits {
		if *have == e {
			return have
		}
	}
	s.edits = append(s.edits, &e)
	return &e
}

// readEdit reads {HEAD%TEXT}, {HEAD#TEXT} or {HEAD/TEXT/NEW} at the first place where the rest is an edit.
func readEdit(body string) (head string, e edit, ok bool) {
	for i := range len(body) {
		rest := body[i+1:]
		switch c := body[i]; {
		case c == '{':
			return "", edit{}, false
		case i == 0 && (c == '%' && conversion(rest) || c == '#' && parameter(rest)):
		case (c == '%' || c == '#') && plainText(rest):
			return body[:i], edit{sign: c, text: rest}, true
		case c == '/':
			if text, replacement, found := readReplacement(rest); found {
				return body[:i], edit{sign: c, text: text, new: replacement}, true
			}
		}
	}
	return "", edit{}, false
}

// readReplacement reads TEXT/NEW, in which \/ is a slash.
func readReplacement(rest string) (text, replacement string, ok bool) {
	const slash = "\x00"
	if strings.Contains(rest, slash) {
		return "", "", false
	}
	text, replacement, ok = strings.Cut(strings.ReplaceAll(rest, `\/`, slash), "/")
	if !ok || strings.Contains(replacement, "/") {
		return "", "", false
	}
	text, replacement = strings.ReplaceAll(text, slash, "/"), strings.ReplaceAll(replacement, slash, "/")
	return text, replacement, plainText(text) && (replacement == "" || plainText(replacement))
}

// plainText reports whether a text may stand in an edit. Code between braces nearly always has other
// characters: blanks, quotes, commas, parentheses, $.
func plainText(s string) bool {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r > 0x7f:
		case !strings.ContainsRune("._-+@=:/", r):
			return false
		}
	}
	return s != ""
}

// conversion reports whether printf, date, stat or git would fill in {%TEXT}: %s, %5.2f, %an. It also excludes
// rush's {%.} and {%:}.
func conversion(s string) bool {
	if s == "." || s == ":" {
		return true
	}
	if len(s) == 2 && s[0] == '.' { // an extension, such as .c
		return false
	}
	flags := len(s) - len(strings.TrimLeft(s, "-+0123456789."))
	kind, digits := s[flags:], strings.ContainsAny(s[:flags], "0123456789")
	if strings.HasPrefix(s, ".") && strings.Trim(kind, "diouxXeEfFgGsc") != "" {
		return false // an extension, such as .7z
	}
	letters := len(kind) - len(strings.TrimLeft(kind, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	return letters == len(kind) && (letters == 1 || letters == 2 && (flags == 0 || digits)) ||
		digits && letters == 1 && strings.ContainsAny(kind[:1], "diouxXeEfFgGsc")
}

// parameter reports whether {#TEXT} is a parameter of a TeX macro.
func parameter(s string) bool { return len(s) == 1 && '0' <= s[0] && s[0] <= '9' }
