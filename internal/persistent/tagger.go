package persistent

import (
	"bytes"
	"io"
)

// tagger puts a tag before each line, and passes on whole lines.
type tagger struct {
	to   io.Writer
	tag  string
	line []byte
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
	return len(p), nil
}

// flush passes on what is held of a line.
func (t *tagger) flush() {
	if len(t.line) > 0 {
		t.pass()
	}
}

func (t *tagger) pass() {
	io.WriteString(t.to, t.tag+string(t.line)+"\n")
	t.line = t.line[:0]
}
