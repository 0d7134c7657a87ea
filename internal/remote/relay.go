package remote

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"fanout/internal/text"
)

// messages says how to read what the program of a backend writes to its standard error beside the worker's own words.
type messages struct {
	own      string                 // begins lines that are the program's; "": it has none
	notice   string                 // is in those of them that the user should see
	hopeless func(said string) bool // reports whether another attempt would fail in the same way; nil: it never would
}

// relay passes on the lines of a host's standard error, with the host's name before each. It holds them back until
// the worker runs: most often they say why it does not.
type relay struct {
	messages

	mu    sync.Mutex // guards these
	lines text.Prefixer
	open  bool
	said  string // the last line that was not blank, or the first that is hopeless
	final bool   // said is hopeless
}

func newRelay(to io.Writer, host string, m messages) *relay {
	r := &relay{messages: m}
	r.lines = text.Prefixer{To: to, Prefix: text.Name(host) + ": ", Show: r.show}
	return r
}

// Full is part of process.Filler.
func (r *relay) Full() bool { return r.lines.Full() }

// Write takes what the host writes to its standard error.
func (r *relay) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines.Write(b)
}

// show notes a line, and says whether and how the user sees it. The lock is held.
func (r *relay) show(line []byte) ([]byte, bool) {
	line = bytes.TrimRight(line, "\r")
	if said := strings.TrimSpace(string(line)); said != "" && !r.final {
		r.said = said
		r.final = r.hopeless != nil && r.hopeless(said)
	}
	show := r.open
	if r.own != "" && bytes.HasPrefix(line, []byte(r.own)) {
		show = bytes.Contains(line, []byte(r.notice))
	}
	return []byte(text.Plain(string(line))), show
}

// through passes on all lines from now on, and forgets what the shell has said before, such as a greeting.
func (r *relay) through() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open, r.said, r.final = true, "", false
}

// note replaces the last line by what is known otherwise.
func (r *relay) note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines.Drop()
	r.said, r.final = line, false
}

// last returns the last line that was said.
func (r *relay) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if said := strings.TrimSpace(string(r.lines.Part())); said != "" && !r.final {
		return said
	}
	return r.said
}
