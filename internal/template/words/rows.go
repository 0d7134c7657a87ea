package words

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fanout/internal/text"
)

// Rows says that items are rows, and what is known of their fields.
type Rows struct {
	Names []string // of the fields, "" for one without
	Width int      // how many fields each row has; 0: that is not known
	Pick  bool     // Fields[1:] of an item are not all fields, but those that Picked names
	Any   bool     // no names are known: whatever may be one is
}

// fieldNamed looks for a field. Names that could end or break a token have none.
func (s *Scope) fieldNamed(body string) (r Ref, ok bool, err *Error) {
	rows := s.Rows
	if rows == nil || strings.Trim(body, "./") == "" || body == ":q" || strings.ContainsAny(body, "{}\x00") {
		return Ref{}, false, nil
	}
	at := slices.Index(rows.Names, body)
	if at < 0 && !(rows.Any && mayBeName(body)) {
		return Ref{}, false, nil
	}
	if !rows.Pick {
		if at >= 0 && slices.Contains(rows.Names[at+1:], body) {
			return Ref{}, false, ambiguous(rows.Names, body)
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

func ambiguous(names []string, name string) *Error {
	var at []string
	for i, have := range names {
		if have == name {
			at = append(at, fmt.Sprintf("{%d}", i+1))
		}
	}
	return &Error{Msg: fmt.Sprintf("{%s}: %d fields have this name", name, len(at)), Hint: "use their numbers: " + strings.Join(at, ", ")}
}

// unknown is the error for what looks like the name of a field and is none; nil where it
// does not.
func (s *Scope) unknown(body string) *Error {
	rows := s.Rows
	if rows == nil || rows.Any {
		return nil
	}
	name := strings.TrimSuffix(body, ":q")
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
	e := &Error{Msg: fmt.Sprintf("{%s}: there is no field %q", body, name)}
	switch {
	case near != "":
		e.Msg += fmt.Sprintf("; the nearest is {%s}", near)
	case rows.Pick && len(rows.Names) == 0:
		e.Msg += "; the first row has none at all"
	case !slices.ContainsFunc(rows.Names, func(n string) bool { return n != "" }):
		last := "on"
		if rows.Width > 0 {
			last = fmt.Sprintf("to {%d}", rows.Width)
		}
		e.Msg += "; fields have numbers here, from {1} " + last
	default:
		e.Msg += "; there are: " + fieldList(rows.Names)
	}
	e.Hint = fmt.Sprintf("write {{%s}} for the text {%s}", body, body)
	return e
}

// fieldList is names for a message, not too many of them.
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

// mayBeName tells what people mean as a name, and not as code between braces.
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
