package text

import (
	"bytes"
	"io"
)

// longestLine is how long a line may get before a Prefixer breaks it, since it keeps what has no end yet in memory.
const longestLine = 64 << 10

// Prefixer writes a prefix before each line. It passes on whole lines only, all that have come in one piece, so that
// lines of several sources do not mix. A Prefixer is not safe for concurrent use.
type Prefixer struct {
	To     io.Writer
	Prefix string
	Show   func(line []byte) (shown []byte, show bool) // edits a line, or drops it; nil: every line stays as it is

	part []byte // of a line without an end yet
	out  []byte // whole lines, for one write
}

// Write takes all of b. Where To cannot be written, there is nobody to tell.
func (p *Prefixer) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			p.part = append(p.part, rest...)
			if len(p.part) > longestLine {
				p.pass()
			}
			break
		}
		p.part = append(p.part, rest[:i]...)
		p.pass()
		rest = rest[i+1:]
	}
	p.send()
	return len(b), nil
}

// Full reports whether To would not take more at the moment. It is part of process.Filler.
func (p *Prefixer) Full() bool {
	f, ok := p.To.(interface{ Full() bool })
	return ok && f.Full()
}

// Part returns what has come of a line without an end.
func (p *Prefixer) Part() []byte { return p.part }

// Drop forgets what has come of a line without an end.
func (p *Prefixer) Drop() { p.part = nil }

// Flush passes on what has come of a line without an end.
func (p *Prefixer) Flush() {
	if len(p.part) > 0 {
		p.pass()
	}
	p.send()
}

func (p *Prefixer) pass() {
	line, show := p.part, true
	if p.Show != nil {
		line, show = p.Show(line)
	}
	if show {
		p.out = append(append(append(p.out, p.Prefix...), line...), '\n')
	}
	p.part = p.part[:0]
}

func (p *Prefixer) send() {
	if w := p.To; len(p.out) > 0 {
		w.Write(p.out)
	}
	p.out = p.out[:0]
}
