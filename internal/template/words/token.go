package words

import (
	"fmt"
	"strconv"
	"strings"
)

// Token is a placeholder in the text of COMMAND.
type Token struct {
	Start, End int
	Ref        Ref
	Source     string // what the user wrote
	Literal    string // the text that {{}} stands for; "" for a placeholder
}

// Data reports whether the token stands for input.
func (t Token) Data() bool { return t.Literal == "" && !t.Ref.counter() }

// Scan finds the placeholders of a text; all other braces are text. In a script, a placeholder behind an odd
// number of $ or backslashes is text too: it belongs to the shell.
func (s *Scope) Scan(text string, script bool) ([]Token, error) {
	var toks []Token
	for i := 0; i < len(text); {
		if text[i] != '{' {
			i++
			continue
		}
		shells := script && (OddRun(text[:i], '$') || OddRun(text[:i], '\\'))
		t, ok, err := s.tokenAt(text, i, script, shells)
		if err != nil && !repetition(text[:i]) {
			return nil, err.At(text, i)
		}
		switch {
		case !ok:
			i = max(i+1, t.End)
		case shells:
			i = t.End
		default:
			t.Source = text[i:t.End]
			if t.Literal == "" {
				s.use(t.Ref)
			}
			toks = append(toks, t)
			i = t.End
		}
	}
	return toks, nil
}

// repetition reports whether braces behind this text repeat a part of a regular expression, as in [0-9]{2}.
// Then {2} is text, unless there is a source of that number.
func repetition(before string) bool {
	n := len(before)
	return n > 0 && (before[n-1] == ']' || before[n-1] == ')') || n > 1 && before[n-2] == '\\' && before[n-1] != '\\'
}

// OddRun reports whether a text ends with an odd number of the byte c, so that the next byte is escaped.
func OddRun(before string, c byte) bool {
	n := len(before) - len(strings.TrimRight(before, string(c)))
	return n%2 == 1
}

// tokenAt reads the token that begins with the opening brace text[i].
func (s *Scope) tokenAt(text string, i int, script, literal bool) (Token, bool, *Error) {
	if strings.HasPrefix(text[i:], "{{") {
		rest := text[i+2:]
		n := strings.IndexByte(rest, '}')
		if n >= 0 && strings.HasPrefix(rest[n:], "}}") && !strings.ContainsAny(rest[:n], "'\"\\$`") {
			if s.foreign(text, i, i+n+4, rest[:n], script) {
				return Token{End: i + n + 4}, false, nil
			}
			if _, ok, err := s.parseRef(rest[:n], true); ok || err != nil || s.unknown(rest[:n]) != nil {
				return Token{Start: i, End: i + n + 4, Literal: text[i+1 : i+n+3]}, true, nil
			}
		}
	}
	rest := text[i+1:]
	n := strings.IndexByte(rest, '}')
	if n < 0 {
		return Token{}, false, nil
	}
	if s.foreign(text, i, i+n+2, rest[:n], script) {
		return Token{}, false, nil
	}
	r, ok, err := s.parseRef(rest[:n], literal)
	if !ok && err == nil && !literal {
		err = s.unknown(rest[:n])
	}
	if !ok {
		return Token{}, false, err
	}
	return Token{Start: i, End: i + n + 2, Ref: r}, true, nil
}

// parseRef reads the text between braces. With literal, it only reports whether the text is a placeholder,
// and no number is out of range.
func (s *Scope) parseRef(body string, literal bool) (Ref, bool, *Error) {
	if body == "#" {
		return Ref{kind: refSeq}, true, nil
	}
	if body == "%" {
		return Ref{kind: refSlot}, true, nil
	}
	if body == "##" {
		return Ref{kind: refTotal}, true, nil
	}
	if body == "%0" {
		return Ref{kind: refSlot0}, true, nil
	}
	if r, ok, err := s.fieldNamed(body); ok || err != nil {
		return r, ok, err
	}
	if body == "host" {
		return Ref{kind: refHost}, true, nil
	}
	var out Ref
	rest, quote := strings.CutSuffix(body, ":q")
	out.Quote = quote
	for _, suf := range suffixes {
		if head, ok := strings.CutSuffix(rest, suf.text); ok && s.isRef(head) {
			rest, out.form = head, suf.form
			break
		}
	}
	if head, e, ok := readEdit(rest); ok && out.form == whole && s.isRef(head) {
		rest, out.edit = head, s.editOf(e)
	}
	if !s.isRef(rest) {
		return Ref{}, false, nil
	}
	if rest == "" {
		out.kind, out.Spread = refItem, s.Sources > 1
		return out, true, nil
	}
	if r, ok, err := s.fieldNamed(rest); ok || err != nil {
		out.kind, out.n = r.kind, r.n
		return out, ok, err
	}
	n, _ := strconv.Atoi(rest)
	if literal {
		return out, true, nil
	}
	err := s.numbered(&out, n)
	return out, err == nil, err
}

// isRef reports whether the text can stand before a path form.
func (s *Scope) isRef(head string) bool {
	if head == "" {
		return true
	}
	if _, ok, err := s.fieldNamed(head); ok || err != nil {
		return true
	}
	digits := strings.TrimPrefix(head, "-")
	if digits == "" || digits[0] == '0' || len(digits) > 6 {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// numbered gives {N} and {-N} their meaning: a source, a column, or an item of the batch.
func (s *Scope) numbered(out *Ref, n int) *Error {
	bad := func(format string, args ...any) *Error {
		return &Error{
			Msg:  fmt.Sprintf("{%d}: ", n) + fmt.Sprintf(format, args...),
			Hint: fmt.Sprintf("write {{%d}} for the text {%d}", n, n),
		}
	}
	back := max(-n, 0)
	if most := s.most(); 0 < back && back <= most {
		n, back = most+1-back, 0
	}
	out.n = n
	switch {
	case s.Sources > 1:
		out.kind = refField
		if max(n, back) > s.Sources {
			return bad("there are only %d sources", s.Sources)
		}
	case s.Rows != nil && s.Rows.Pick:
		return bad("the fields of these rows have names, not numbers")
	case s.Rows != nil:
		out.kind = refField
		if s.Rows.Width > 0 && max(n, back) > s.Rows.Width {
			return bad("a row has only %d fields", s.Rows.Width)
		}
	case s.Several:
		out.kind = refNth
		if s.Batch > 0 && max(n, back) > s.Batch {
			return bad("a batch has only %d items", s.Batch)
		}
	case n == 1:
		out.kind, out.n = refItem, 0
	default:
		return bad("there is only one source")
	}
	return nil
}

// most is the number of sources or fields; 0 if it is not the same for all items.
func (s *Scope) most() int {
	switch {
	case s.Sources > 1:
		return s.Sources
	case s.Rows != nil:
		return s.Rows.Width
	case s.Several:
		return 0
	}
	return 1
}
