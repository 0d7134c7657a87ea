package input

import (
	"fmt"
	"io"
)

// words splits as GNU xargs does: blanks and newlines end a word, and single quotes, double quotes and
// backslashes quote.
//
// It is not built on google/shlex, which loses data: `a #b` becomes one word, because # starts a comment;
// bytes that are not UTF-8 become U+FFFD; a backslash within double quotes disappears.
//
// It differs from xargs where xargs silently drops input: a quote that is open at the end of the file is
// always an error, and an empty quoted word at the end of the file is an item, as it is before a newline.
type words struct {
	name  string // of the file, for errors
	in    buffer
	word  []byte
	state wordState
	line  int // the line of the next byte
	open  int // the line of the last opening quote
}

// wordState is the splitter's state within a word; within quotes it is the quote itself.
type wordState byte

const (
	between     wordState = iota // no word has begun
	bare                         // in a word, outside quotes
	escaped                      // after a backslash
	singleQuote wordState = '\''
	doubleQuote wordState = '"'
)

func newWords(from io.Reader, name string) *words {
	return &words{name: name, in: buffer{from: from}, line: 1}
}

func (w *words) next() (string, error) {
	w.word = w.word[:0]
	if cap(w.word) > bufferKept {
		w.word = nil
	}
	for {
		n, done := w.scan(w.in.data())
		w.in.skip(n)
		switch {
		case done && w.quoted():
			return "", w.unmatched()
		case done:
			w.state = between
			return string(w.word), nil
		}
		if err := w.in.more(); err == io.EOF {
			return w.last()
		} else if err != nil {
			return "", err
		}
	}
}

// scan reads up to the end of a word, or to a newline within quotes, and returns the number of bytes that it
// took. The word and the state carry over to the next call.
func (w *words) scan(data []byte) (n int, done bool) {
	for i, c := range data {
		if c == '\n' {
			w.line++
		}
		switch w.state {
		case between:
			if isSpace(c) {
				continue
			}
			w.state = bare
			fallthrough
		case bare:
			switch c {
			case ' ', '\t', '\n':
				return i + 1, true
			case '\'', '"':
				w.state, w.open = wordState(c), w.line
			case '\\':
				w.state = escaped
			default:
				w.word = append(w.word, c)
			}
		case escaped:
			w.word = append(w.word, c)
			w.state = bare
		case wordState(c):
			w.state = bare
		default:
			if c == '\n' {
				return i, true
			}
			w.word = append(w.word, c)
		}
	}
	return len(data), false
}

// last returns the word before the end of the file, if there is one. A backslash that quotes nothing is not
// a word.
func (w *words) last() (string, error) {
	switch {
	case w.quoted():
		return "", w.unmatched()
	case w.state == between, w.state == escaped && len(w.word) == 0:
		return "", io.EOF
	}
	w.state = between
	return string(w.word), nil
}

func (w *words) quoted() bool { return w.state == singleQuote || w.state == doubleQuote }

// unmatched is the error of a quote without its end.
func (w *words) unmatched() error {
	kind := "double"
	if w.state == singleQuote {
		kind = "single"
	}
	return fmt.Errorf("reading %s: line %d: unmatched %s quote: the shell format needs its end on the same line; "+
		"put a backslash before a quote that is data, or read whole lines without the shell format", w.name, w.open, kind)
}

// isSpace reports the bytes that xargs skips before a word. Only blank and newline end a word: a CR at the
// end of a line stays.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
