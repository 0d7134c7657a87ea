package cmd

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"fanout/internal/sink"
	"fanout/internal/text"
)

// messages writes all that a command says about itself to standard error, but for what a run says while it goes on. Names
// in it are quoted by package text. Where it cannot be written, there is nobody to tell.
type messages struct {
	to     *sink.Messages
	quiet  bool        // --quiet: only errors
	status atomic.Bool // a line of status is shown, which the next message replaces
}

// say writes a line.
func (m *messages) say(format string, args ...any) {
	m.clear()
	text.Line(m.to, format, args...)
}

// note writes a line that is not worth it with --quiet. "" is none.
func (m *messages) note(what string) {
	if what != "" && !m.quiet {
		m.say("%s", what)
	}
}

// warn writes a warning for each text, unless --quiet is given.
func (m *messages) warn(texts ...string) {
	for _, what := range texts {
		m.note("warning: " + what)
	}
}

// fail writes what went wrong, unless the user has caused it and sees it.
func (m *messages) fail(err error) {
	if worthTelling(err) {
		m.clear()
		text.ErrorLines(m.to, err)
	}
}

// show shows a line of status on a terminal, until the next one or a message.
func (m *messages) show(what string) {
	m.clear()
	m.status.Store(true)
	fmt.Fprint(m.to, what)
}

// clear takes the line of status away.
func (m *messages) clear() {
	if m.status.Swap(false) {
		io.WriteString(m.to, "\r\x1b[K")
	}
}

// worthTelling leaves out the errors that the user has caused and sees.
func worthTelling(err error) bool {
	var signal *SignalError
	switch {
	case err == nil, readerGone(err):
		return false
	default:
		return !errors.As(err, &signal) || errors.Is(err, sink.ErrStopped)
	}
}
