package sink

import (
	"bytes"
	"encoding/base64"
	"io"
	"strconv"
	"unicode/utf8"

	"fanout/internal/job"
	"fanout/internal/record"
)

// JSON writes a job as an object, one a line.
type JSON struct {
	Host  string
	Rows  *record.Rows // nil where items are not rows
	Bare  bool         // what the job has printed is left out
	Limit int64        // bytes of each of its outputs; 0: no limit

	buf []byte
}

// Write writes the line of a job.
func (s *JSON) Write(d *job.Finished, out [2]Printed, w *File) error {
	b := appendRecord(append(s.buf[:0], '{'), d, s.Host, s.Rows)
	var err error
	if !s.Bare {
		for i, name := range []string{"stdout", "stderr"} {
			if b, err = s.output(b, name, out[i], w); err != nil {
				return err
			}
		}
	}
	b = append(b, "}\n"...)
	_, err = w.Write(b)
	const most = 1 << 20
	if cap(b) > most {
		b = nil
	}
	s.buf = b
	return err
}

func appendRecord(b []byte, d *job.Finished, host string, rows *record.Rows) []byte {
	b = record.AppendItems(b, d.Job)
	if rows != nil {
		b = rows.Append(b, d.Job)
	}
	return record.AppendOutcome(b, d, host)
}

// pieceMax is how many bytes of an output are in memory at once.
const pieceMax = 64 << 10

// output adds the members of one output. A long one is written piece by piece.
func (s *JSON) output(b []byte, name string, p Printed, w io.Writer) ([]byte, error) {
	if text, ok := p.Bytes(); ok && len(text) <= pieceMax {
		return s.short(b, name, text), nil
	}
	size, cut := p.Len(), false
	if s.Limit > 0 && size > s.Limit {
		size, cut = s.Limit, true
	}
	kept, err := measure(p, size, cut)
	if err != nil {
		return nil, err
	}
	b = appendName(b, name, kept >= 0)
	if kept < 0 {
		b, err = writeBase64(b, first{p, size}, w)
	} else {
		b, err = writeEscaped(b, first{p, kept}, w)
	}
	return appendTruncated(b, name, cut), err
}

// short does what output does, for text in memory that is no longer than a piece.
func (s *JSON) short(b []byte, name string, text []byte) []byte {
	cut := s.Limit > 0 && int64(len(text)) > s.Limit
	kept := text
	if cut {
		text = text[:s.Limit]
		kept = text[:len(text)-partial(text)]
	}
	valid := utf8.Valid(kept)
	b = appendName(b, name, valid)
	if valid {
		b = record.AppendEscaped(b, kept)
	} else {
		b = base64.StdEncoding.AppendEncode(b, text)
	}
	return appendTruncated(b, name, cut)
}

// appendName begins the member of an output, and appendTruncated ends it.
func appendName(b []byte, name string, text bool) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	if !text {
		b = append(b, `_base64`...)
	}
	return append(b, `":"`...)
}

func appendTruncated(b []byte, name string, cut bool) []byte {
	b = append(b, `","`...)
	b = append(b, name...)
	b = append(b, `_truncated":`...)
	return strconv.AppendBool(b, cut)
}

// measure returns how many of the first size bytes are text. It is negative when they are not UTF-8. A character that
// is cut at the end does not count.
func measure(p Printed, size int64, cut bool) (int64, error) {
	var rest [utf8.UTFMax]byte // the beginning of a character
	pending := 0
	for chunk, err := range (first{p, size}).Chunks {
		if err != nil {
			return 0, err
		}
		for pending > 0 && len(chunk) > 0 {
			rest[pending] = chunk[0]
			pending++
			chunk = chunk[1:]
			if !utf8.FullRune(rest[:pending]) {
				continue
			}
			if r, n := utf8.DecodeRune(rest[:pending]); r == utf8.RuneError && n <= 1 {
				return -1, nil
			}
			pending = 0
		}
		whole := len(chunk) - partial(chunk)
		if !utf8.Valid(chunk[:whole]) {
			return -1, nil
		}
		pending += copy(rest[pending:], chunk[whole:])
	}
	if pending > 0 && !cut {
		return -1, nil
	}
	return size - int64(pending), nil
}

// partial returns how many bytes at the end begin a character that is not complete.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if at := b[len(b)-n:]; utf8.RuneStart(at[0]) {
			if utf8.FullRune(at) {
				return 0
			}
			return n
		}
	}
	return 0
}

// writeEscaped adds the text to b, and writes b whenever it is long.
func writeEscaped(b []byte, p first, w io.Writer) ([]byte, error) {
	for chunk, err := range p.Chunks {
		if err == nil {
			b, err = spillOver(record.AppendEscaped(b, chunk), w)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func writeBase64(b []byte, p first, w io.Writer) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	coder := base64.NewEncoder(base64.StdEncoding, buf)
	for chunk, err := range p.Chunks {
		if err != nil {
			return nil, err
		}
		coder.Write(chunk) // a Buffer never fails
		if buf.Len() > pieceMax {
			if _, err := buf.WriteTo(w); err != nil {
				return nil, err
			}
		}
	}
	coder.Close()
	return buf.Bytes(), nil
}

func spillOver(b []byte, w io.Writer) ([]byte, error) {
	if len(b) <= pieceMax {
		return b, nil
	}
	_, err := w.Write(b)
	return b[:0], err
}

// first is the first bytes of an output.
type first struct {
	p Printed
	n int64
}

// Chunks yields them as Printed does.
func (f first) Chunks(yield func([]byte, error) bool) {
	left := f.n
	for chunk, err := range f.p.Chunks {
		if err != nil {
			yield(nil, err)
			return
		}
		if left == 0 || !yield(chunk[:min(left, int64(len(chunk)))], nil) {
			return
		}
		left -= min(left, int64(len(chunk)))
	}
}
