package persistent

import (
	"bytes"
	"io"

	"fanout/internal/process"
)

// tagger puts a tag before each line, and passes on whole lines.
type tagger struct {
	to   io.Writer
	tag  string
	line []byte
	out  []byte // whole lines, which go out in one piece
}

// longest is the longest line that is kept together.
const longest = 64 << 10

func (t *tagger) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			t.line = append(t.line, rest...)
			if len(t.line) > longest {
				t.flush()
			}
			break
		}
		t.line = append(t.line, rest[:i]...)
		t.pass()
		rest = rest[i+1:]
	}
	t.give()
	return len(p), nil
}

// Full is part of process.Filler.
func (t *tagger) Full() bool {
	f, ok := t.to.(process.Filler)
	return ok && f.Full()
}

// flush passes on what is held of a line.
func (t *tagger) flush() {
	if len(t.line) > 0 {
		t.pass()
	}
	t.give()
}

func (t *tagger) pass() {
	t.out = append(append(append(t.out, t.tag...), t.line...), '\n')
	t.line = t.line[:0]
}

func (t *tagger) give() {
	if len(t.out) > 0 {
		t.to.Write(t.out)
	}
	t.out = t.out[:0]
}
