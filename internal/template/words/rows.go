package words

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fanout/internal/text"
)

// Rows describes the fields of items that are rows.
type Rows struct {
	Names []string // the names of the fields; "" for a field without one
	Width int      // the number of fields in each row; 0: unknown
	Pick  bool     // Fields[1:] of an item are only the fields that Picked lists
	Any   bool     // the names are unknown: every text that can be a name is one
}

// fieldNamed looks for a field, or a source, by its name. A name that could end or break a token is never found.
func (s *Scope) fieldNamed(body string) (r Ref, ok bool, err *Error) {
	rows := s.Rows
	if rows == nil && s.Names != nil {
		rows = &Rows{Names: s.Names}
	}
	if rows == nil || strings.Trim(body, "./") == "" || body == ":q" || strings.ContainsAny(body, "{}\x00") {
		return Ref{}, false, nil
	}
	at := slices.Index(rows.Names, body)
	if at < 0 && !(rows.Any && mayBeName(body)) {
		return Ref{}, false, nil
	}
	if !rows.Pick {
		if at >= 0 && slices.Contains(rows.Names[at+1:], body) {
			return Ref{}, false, s.ambiguous(rows.Names, body)
		}
		if s.Rows == nil && s.Sources < 2 {
			return Ref{}, true, nil
		}
		return Ref{kind: refField, n: at + 1}, true, nil
	}
	n := slices.Index(s.picked, body)
	if n < 0 {
		n = len(s.picked)
		s.picked = append(s.picked, body)
	}
	return Ref{kind: refField, n: n + 1}, true, nil
}

// ambiguous is the error of a name that several fields or sources have.
func (s *Scope) ambiguous(names []string, name string) *Error {
	things := "fields"
	if s.Rows == nil {
		things = "sources"
	}
	var at []string
	for i, have := range names {
		if have == name {
			at = append(at, fmt.Sprintf("{%d}", i+1))
		}
	}
	return &Error{
		Msg:  fmt.Sprintf("{%s}: %d %s have this name", name, len(at), things),
		Hint: "use their numbers: " + strings.Join(at, ", "),
	}
}

// unknown returns the error for a text that looks like the name of a field but is not; nil for any other
// text.
func (s *Scope) unknown(body string) *Error {
	rows, field := s.Rows, "field"
	if rows == nil && s.Names != nil {
		rows, field = &Rows{Names: s.Names, Any: slices.Contains(s.Names, "")}, "source"
	}
	if rows == nil || rows.Any {
		return nil
	}
	name := strings.TrimSuffix(body, ":q")
	if head, _, ok := readEdit(name); ok {
		name = head
	}
	for _, suf := range suffixes {
		if head, ok := strings.CutSuffix(name, suf.text); ok {
			name = head
			break
		}
	}
	near := text.Nearest(rows.Names, name)
	if !mayBeName(name) && near == "" {
		return nil
	}
	e := &Error{Msg: fmt.Sprintf("{%s}: there is no %s %q", body, field, name)}
	switch {
	case near != "":
		e.Msg += fmt.Sprintf("; the nearest is {%s}", near)
	case rows.Pick && len(rows.Names) == 0:
		e.Msg += "; the first row has no fields"
	case !slices.ContainsFunc(rows.Names, func(n string) bool { return n != "" }):
		e.Msg += "; fields are numbered from {1}"
		if rows.Width > 0 {
			e.Msg += fmt.Sprintf(" to {%d}", rows.Width)
		}
	case len(rows.Names) == 1:
		e.Msg += "; the only " + field + " is " + fieldList(rows.Names)
	default:
		e.Msg += "; the " + field + "s are " + fieldList(rows.Names)
	}
	if len(rows.Names) == 1 && strings.Contains(rows.Names[0], ";") {
		e.Hint = "the header has semicolons: --colsep ';' --header in place of --csv"
		return e
	}
	e.Hint = fmt.Sprintf("write {{%s}} for the text {%s}", body, body)
	return e
}

// fieldList lists names for a message, at most 20 of them.
func fieldList(names []string) string {
	const most = 20
	var b strings.Builder
	n := 0
	for _, name := range names {
		if name == "" {
			continue
		}
		if n == most {
			fmt.Fprintf(&b, " and %d more", len(names)-n)
			break
		}
		if n > 0 {
			b.WriteString(", ")
		}
		if mayBeName(name) {
			b.WriteString(name)
		} else {
			b.WriteString(strconv.Quote(name))
		}
		n++
	}
	return b.String()
}

// mayBeName reports whether people mean a name by this text, not code between braces.
func mayBeName(s string) bool {
	if s == "" || len(s) > 100 || strings.Contains(s, "..") {
		return false
	}
	letters := false
	for i, r := range s {
		switch {
		case r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= 0x80:
			letters = true
		case i > 0 && ('0' <= r && r <= '9' || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return letters
}
