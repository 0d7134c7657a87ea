package cmd

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"fanout/internal/sink"
	"fanout/internal/text"
)

// messages writes everything that fanout says about itself to standard error, except what a run says while it goes on.
// Package text quotes the names in it. If writing fails, there is nobody to tell.
type messages struct {
	to     *sink.Messages
	quiet  bool        // --quiet: only errors
	status atomic.Bool // a status line is shown, which the next message replaces
}

// say writes a line.
func (m *messages) say(format string, args ...any) {
	m.clear()
	text.Line(m.to, format, args...)
}

// note writes a line, unless it is empty or --quiet is given.
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

// fail writes an error, unless the user caused it and sees it.
func (m *messages) fail(err error) {
	if worthTelling(err) {
		m.clear()
		text.ErrorLines(m.to, err)
	}
}

// show shows a status line on a terminal, until the next one or a message.
func (m *messages) show(what string) {
	m.clear()
	m.status.Store(true)
	fmt.Fprint(m.to, what)
}

// clear removes the status line.
func (m *messages) clear() {
	if m.status.Swap(false) {
		io.WriteString(m.to, "\r\x1b[K")
	}
}

// worthTelling reports whether an error is news: the user knows of a signal, and of a reader that has gone.
func worthTelling(err error) bool {
	var signal *SignalError
	switch {
	case err == nil, readerGone(err):
		return false
	default:
		return !errors.As(err, &signal) || errors.Is(err, sink.ErrStopped)
	}
}
