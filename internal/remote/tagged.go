package remote

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"fanout/internal/process"
	"fanout/internal/text"
)

// tagged passes on the lines of a far end, each with the name of the place before it. Until
// it is a worker they are held back: most often they say why it is none.
type tagged struct {
	to          io.Writer
	host        string
	own, notice string // as in way
	hopeless    func(said string) bool

	mu   sync.Mutex
	open bool
	part []byte // of a line that has no end yet
	line string // the last that was not blank, or the first that leaves no hope
	lost bool   // it is such a one
}

// Full is part of process.Filler.
func (t *tagged) Full() bool {
	f, ok := t.to.(process.Filler)
	return ok && f.Full()
}

// Write is called for what the far end says on its standard error.
func (t *tagged) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, b...)
	const long = 64 << 10
	for {
		line, rest, whole := bytes.Cut(t.part, []byte("\n"))
		if !whole && len(line) < long {
			return len(b), nil
		}
		t.pass(bytes.TrimRight(line, "\r"))
		t.part = append(t.part[:0], rest...)
	}
}

func (t *tagged) pass(line []byte) {
	if text := strings.TrimSpace(string(line)); text != "" && !t.lost {
		t.line = text
		t.lost = t.hopeless != nil && t.hopeless(text)
	}
	show := t.open
	if t.own != "" && bytes.HasPrefix(line, []byte(t.own)) {
		show = bytes.Contains(line, []byte(t.notice))
	}
	if show {
		t.to.Write(fmt.Appendf(nil, "%s: %s\n", text.Name(t.host), text.Plain(string(line))))
	}
}

// through passes on all that comes from now on. What the shell has said before, such as a
// greeting, is nobody's.
func (t *tagged) through() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.line, t.lost = true, "", false
}

// note has what is known otherwise be the last line.
func (t *tagged) note(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part, t.line, t.lost = nil, line, false
}

// last is the last line that was said.
func (t *tagged) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := strings.TrimSpace(string(t.part)); text != "" && !t.lost {
		return text
	}
	return t.line
}
