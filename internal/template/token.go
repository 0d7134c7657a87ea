package template

import (
	"fmt"
	"strconv"
	"strings"
)

// token is one placeholder in the text of COMMAND.
type token struct {
	start, end int
	ref        ref
	src        string // as the user wrote it
	literal    string // of {{}}: the text that it stands for; else empty
}

// data tells whether input takes the token's place.
func (t token) data() bool { return t.literal == "" && !t.ref.number() }

// Scan finds the known placeholders of text; all other braces are text. In a script a placeholder
// behind an odd run of $ or of backslashes is text too: it belongs to the shell.
func (s *Scope) Scan(text string, script bool) ([]token, error) {
	var toks []token
	for i := 0; i < len(text); {
		if text[i] != '{' {
			i++
			continue
		}
		shells := script && (oddRun(text[:i], '$') || oddRun(text[:i], '\\'))
		t, ok, err := s.at(text, i, shells)
		if err != nil && !repetition(text[:i]) {
			return nil, position(text, i, err)
		}
		switch {
		case !ok:
			i++
		case shells:
			i = t.end
		default:
			t.src = text[i:t.end]
			if t.literal == "" {
				s.use(t.ref)
			}
			toks = append(toks, t)
			i = t.end
		}
	}
	return toks, nil
}

// repetition tells whether {2} stands behind what a regular expression repeats,
// as in [0-9]{2}. It is text then, unless there is such a source.
func repetition(before string) bool {
	n := len(before)
	return n > 0 && (before[n-1] == ']' || before[n-1] == ')') || n > 1 && before[n-2] == '\\' && before[n-1] != '\\'
}

func oddRun(before string, c byte) bool {
	n := len(before) - len(strings.TrimRight(before, string(c)))
	return n%2 == 1
}

// at reads the token that begins at text[i], which is an opening brace.
func (s *Scope) at(text string, i int, literal bool) (token, bool, error) {
	if strings.HasPrefix(text[i:], "{{") {
		rest := text[i+2:]
		n := strings.IndexByte(rest, '}')
		if n >= 0 && strings.HasPrefix(rest[n:], "}}") && !strings.ContainsAny(rest[:n], "'\"\\$`") {
			if _, ok, err := s.parse(rest[:n], true); ok || err != nil || s.unknown(rest[:n]) != nil {
				return token{start: i, end: i + n + 4, literal: text[i+1 : i+n+3]}, true, nil
			}
		}
	}
	rest := text[i+1:]
	n := strings.IndexByte(rest, '}')
	if n < 0 {
		return token{}, false, nil
	}
	r, ok, err := s.parse(rest[:n], literal)
	if !ok && err == nil && !literal {
		err = s.unknown(rest[:n])
	}
	return token{start: i, end: i + n + 2, ref: r}, ok, err
}

// parse reads what stands between the braces. With literal, it only tells
// whether it is a placeholder, and a number is never out of range.
func (s *Scope) parse(body string, literal bool) (ref, bool, error) {
	if body == "#" {
		return ref{kind: refSeq}, true, nil
	}
	if body == "%" {
		return ref{kind: refSlot}, true, nil
	}
	if r, ok, err := s.name(body); ok || err != nil {
		return r, ok, err
	}
	if body == "host" {
		return ref{kind: refHost}, true, nil
	}
	var out ref
	rest, quote := strings.CutSuffix(body, ":q")
	out.quote = quote
	for _, suf := range suffixes {
		if head, ok := strings.CutSuffix(rest, suf.text); ok && s.isRef(head) {
			rest, out.form = head, suf.form
			break
		}
	}
	if !s.isRef(rest) {
		return ref{}, false, nil
	}
	if rest == "" {
		out.kind, out.spread = refItem, s.Sources > 1
		return out, true, nil
	}
	if r, ok, err := s.name(rest); ok || err != nil {
		out.kind, out.n = r.kind, r.n
		return out, ok, err
	}
	n, _ := strconv.Atoi(rest)
	if literal {
		return out, true, nil
	}
	err := s.number(&out, n)
	return out, err == nil, err
}

// isRef tells whether head can stand before a path form.
func (s *Scope) isRef(head string) bool {
	if head == "" {
		return true
	}
	if _, ok, err := s.name(head); ok || err != nil {
		return true
	}
	if head[0] < '1' || head[0] > '9' || len(head) > 6 {
		return false
	}
	return strings.Trim(head, "0123456789") == ""
}

// number gives {N} its meaning: a source, a column, or an item of the batch.
func (s *Scope) number(out *ref, n int) error {
	bad := func(format string, args ...any) error {
		return &Error{Msg: fmt.Sprintf("{%d}: ", n) + fmt.Sprintf(format, args...), Hint: fmt.Sprintf("write {{%d}} for the text {%d}", n, n)}
	}
	out.n = n
	switch {
	case s.Sources > 1:
		out.kind = refField
		if n > s.Sources {
			return bad("there are only %d sources", s.Sources)
		}
	case s.Rows != nil && s.Rows.Pick:
		return bad("the fields of these rows have names, and no numbers")
	case s.Rows != nil:
		out.kind = refField
		if s.Rows.Width > 0 && n > s.Rows.Width {
			return bad("a row has only %d fields", s.Rows.Width)
		}
	case s.Several:
		out.kind = refNth
		if s.Batch > 0 && n > s.Batch {
			return bad("a batch has only %d items", s.Batch)
		}
	case n == 1:
		out.kind, out.n = refItem, 0
	default:
		return bad("there is only one source")
	}
	return nil
}
