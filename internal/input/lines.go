package input

import (
	"bytes"
	"io"
)

// lines splits at a delimiter, which ends an item: none is needed after the
// last. Bytes pass through unchanged.
type lines struct {
	in      buffer
	delim   []byte
	scanned int // this many unread bytes cannot be the start of a delimiter
}

func newLines(from io.Reader, delim string) *lines {
	return &lines{in: buffer{from: from}, delim: []byte(delim)}
}

func (l *lines) next() (string, error) {
	for {
		data := l.in.data()
		if i := bytes.Index(data[l.scanned:], l.delim); i >= 0 {
			end := l.scanned + i
			l.in.skip(end + len(l.delim))
			l.scanned = 0
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

// last is the item that the end of the file ends, if there is one.
func (l *lines) last() (string, error) {
	data := l.in.data()
	if len(data) == 0 {
		return "", io.EOF
	}
	l.in.skip(len(data))
	l.scanned = 0
	return string(data), nil
}
