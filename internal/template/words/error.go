package words

import (
	"fmt"
	"strings"
)

// Error is a template that cannot be run. Line and Col count from 1, in bytes,
// in the script, or are 0 where no position is known.
type Error struct {
	Line, Col int
	Msg       string
	Hint      string
}

// Error gives position, message and hint in one line.
func (e *Error) Error() string {
	s := e.Msg
	if e.Line > 0 {
		s = fmt.Sprintf("%d:%d: %s", e.Line, e.Col, s)
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// At returns the error at text[i].
func (e *Error) At(text string, i int) *Error {
	out := *e
	out.Line = 1 + strings.Count(text[:i], "\n")
	out.Col = i - strings.LastIndexByte(text[:i], '\n')
	return &out
}
