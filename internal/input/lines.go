package input

import (
	"bytes"
	"io"
)

// lines splits at a delimiter. The last item needs none. Bytes pass through unchanged.
type lines struct {
	in      buffer
	delim   []byte
	scanned int // so many unread bytes cannot be the start of a delimiter
	seen    ends
}

func newLines(from io.Reader, delim string) *lines {
	return &lines{in: buffer{from: from}, delim: []byte(delim)}
}

// ends records how lines begin and end, for Notes.
type ends struct {
	known bool // all is known: no more lines are inspected, because each costs a little
	read  int
	plain bool   // a line did not end with CR
	first []byte // the beginning of the first line
	inner bool   // the first line has a CR before its end
	over  bool   // the file has ended
}

// see inspects a line.
func (e *ends) see(line []byte) {
	if e.read++; e.read == 1 {
		e.first = bytes.Clone(line[:min(4, len(line))])
		i := bytes.IndexByte(line, '\r')
		e.inner = i >= 0 && i < len(line)-1
	}
	e.plain = e.plain || len(line) == 0 || line[len(line)-1] != '\r'
	e.known = e.plain && e.read > 1
}

func (l *lines) next() (string, error) {
	for {
		data := l.in.data()
		if i := bytes.Index(data[l.scanned:], l.delim); i >= 0 {
			end := l.scanned + i
			l.in.skip(end + len(l.delim))
			l.scanned = 0
			if !l.seen.known {
				l.seen.see(data[:end])
			}
			return string(data[:end]), nil
		}
		l.scanned = max(0, len(data)-len(l.delim)+1)
		if err := l.in.more(); err == io.EOF {
			return l.last()
		} else if err != nil {
			return "", err
		}
	}
}

// last returns the item before the end of the file, if there is one.
func (l *lines) last() (string, error) {
	data := l.in.data()
	l.seen.over = true
	if len(data) == 0 {
		return "", io.EOF
	}
	if !l.seen.known {
		l.seen.see(data)
	}
	l.in.skip(len(data))
	l.scanned = 0
	return string(data), nil
}
