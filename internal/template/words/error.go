package words

import (
	"fmt"
	"strings"
)

// Error is the reason why a template cannot run. Line and Col count from 1, in bytes, within the script;
// they are 0 where no position is known.
type Error struct {
	Line, Col int
	Msg       string
	Hint      string
}

// Error returns position, message and hint on one line.
func (e *Error) Error() string {
	s := e.Msg
	if e.Line > 0 {
		s = fmt.Sprintf("COMMAND:%d:%d: %s", e.Line, e.Col, s)
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// At returns the error with the position of text[i].
func (e *Error) At(text string, i int) *Error {
	out := *e
	out.Line = 1 + strings.Count(text[:i], "\n")
	out.Col = i - strings.LastIndexByte(text[:i], '\n')
	return &out
}
