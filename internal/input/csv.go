package input

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"fanout/internal/text"
)

// csvTable reads rows of RFC 4180 with encoding/csv. Beside the fields, it keeps each row as it is written.
type csvTable struct {
	name   string
	tee    *tee
	csv    *csv.Reader
	header bool
	width  int
	held   []held // the first rows, when there is no header
}

// held is a row that was read ahead.
type held struct {
	raw    string
	fields []string
	err    error
	line   int // 0: the line of the reader
}

func newCSV(from io.Reader, name string, comma rune, header bool) *csvTable {
	c := &csvTable{name: name, tee: &tee{from: from}, header: header}
	c.csv = csv.NewReader(bufio.NewReaderSize(c.tee, bufferSize))
	c.csv.Comma = comma
	c.csv.FieldsPerRecord = -1
	c.csv.ReuseRecord = true
	return c
}

// schema implements table.
func (c *csvTable) schema() (Schema, error) {
	if c.header {
		return c.head()
	}
	var known Schema
	for len(c.held) < lookAhead {
		raw, fields, err := c.read()
		var bad *RowError
		switch {
		case err == io.EOF && len(c.held) == 1 && bareCR(c.held[0].raw):
			return Schema{}, fmt.Errorf("reading %s: %w", place(c.name), errCR)
		case err == io.EOF && len(c.held) > 0:
			return known, nil
		case errors.As(err, &bad):
			raw = bad.Raw
		case err != nil:
			return Schema{}, err
		}
		h := held{raw: raw, fields: slices.Clone(fields), err: err}
		if err == nil {
			h.line, _ = c.csv.FieldPos(0)
		}
		c.held = append(c.held, h)
		if err == nil && !known.Known {
			c.width = len(fields)
			known = Schema{Known: true, Width: c.width}
		}
		if known.Known && (len(c.held) > 1 || !bareCR(raw)) { // else the row may be all lines in one
			break
		}
	}
	return known, nil
}

// head reads the header.
func (c *csvTable) head() (Schema, error) {
	raw, fields, err := c.read()
	var bad *RowError
	if errors.As(err, &bad) {
		raw = bad.Raw
	}
	switch {
	case bareCR(raw):
		return Schema{}, fmt.Errorf("reading %s: %w", place(c.name), errCR)
	case bad != nil:
		return Schema{}, badHeader(err)
	case err != nil:
		return Schema{}, err
	}
	c.width = len(fields)
	return Schema{Known: true, Width: c.width, Names: slices.Clone(fields)}, nil
}

// badHeader is the error of a header that cannot be read.
func badHeader(err error) error {
	return fmt.Errorf("%w; it is the header, and no row can be read without it", err)
}

// row implements table.
func (c *csvTable) row() (string, []string, error) {
	var h held
	if len(c.held) > 0 {
		h, c.held = c.held[0], c.held[1:]
	} else {
		h.raw, h.fields, h.err = c.read()
	}
	if h.err == nil && c.width == 0 {
		c.width = len(h.fields)
	}
	if h.err == nil && len(h.fields) != c.width {
		if h.line == 0 {
			h.line, _ = c.csv.FieldPos(0)
		}
		h.err = &RowError{File: c.name, Line: h.line, Raw: h.raw, Err: misfit(len(h.fields), c.width, c.header)}
	}
	return h.raw, h.fields, h.err
}

// misfit is the error of a row with a wrong number of fields.
func misfit(fields, width int, header bool) error {
	what := "the first row"
	if header {
		what = "the header"
	}
	return fmt.Errorf("the row has %s, %s has %d", text.Plural(int64(fields), "field", "fields"), what, width)
}

// read returns the next row of the file.
func (c *csvTable) read() (raw string, fields []string, err error) {
	fields, err = c.csv.Read()
	if err == io.EOF {
		return "", nil, err
	}
	if errors.Is(err, errRowTooLong) {
		return "", nil, fmt.Errorf("reading %s: line %d: %w", place(c.name), c.tee.line, errRowTooLong)
	}
	raw = c.tee.take(c.csv.InputOffset())
	var bad *csv.ParseError
	switch {
	case err == nil:
		return raw, fields, nil
	case errors.Is(err, errUTF16):
		return "", nil, fmt.Errorf("reading %s: %w", place(c.name), errUTF16)
	case !errors.As(err, &bad):
		return "", nil, err
	}
	why := misquoted(bad)
	if bad.Err == csv.ErrQuote && bad.Line > bad.StartLine {
		why = fmt.Errorf("a quotation mark is not closed: the row reaches to line %d", bad.Line)
	}
	return "", nil, &RowError{File: c.name, Line: bad.StartLine, Raw: raw, Err: why}
}

// misquoted says what is wrong with the quotation marks of a row.
func misquoted(bad *csv.ParseError) error {
	why := bad.Err
	switch why {
	case csv.ErrQuote:
		why = errors.New("a quote that is not closed, or text after a closing quote")
	case csv.ErrBareQuote:
		why = errors.New("a quote in a field that does not begin with one; write the field in quotes, and this quote twice")
	}
	return fmt.Errorf("column %d: %w", bad.Column, why)
}

// tee keeps the bytes that are read but not taken yet.
type tee struct {
	from  io.Reader
	begun bool
	buf   []byte
	taken int   // the bytes of buf that are taken
	base  int64 // the offset at which buf begins
	line  int   // the line at which the bytes that are not taken begin, from 0
}

// Read implements io.Reader. It leaves out a byte order mark.
func (t *tee) Read(p []byte) (int, error) {
	if len(t.buf)-t.taken > rowMax {
		t.line += 1 + bytes.Count(t.buf[t.taken:t.taken+leadingBlank(t.buf[t.taken:])], []byte(newline))
		return 0, errRowTooLong
	}
	n, err := t.from.Read(p)
	if !t.begun {
		for err == nil && mayBeMark(p[:n]) {
			var more int
			more, err = t.from.Read(p[n:])
			n += more
		}
		t.begun = true
		start := bytes.TrimPrefix(p[:n], []byte(byteOrderMark))
		if bytes.HasPrefix(start, []byte(utf16Little)) || bytes.HasPrefix(start, []byte(utf16Big)) {
			return 0, errUTF16
		}
		n = copy(p, start)
	}
	if t.taken > len(t.buf)/2 {
		t.base += int64(t.taken)
		t.buf = t.buf[:copy(t.buf, t.buf[t.taken:])]
		t.taken = 0
	}
	if cap(t.buf) > bufferKept && len(t.buf) < bufferSize {
		t.buf = append(make([]byte, 0, 2*bufferSize), t.buf...)
	}
	t.buf = append(t.buf, p[:n]...)
	return n, err
}

// The same mark in three encodings.
const (
	byteOrderMark = "\ufeff"
	utf16Little   = "\xff\xfe"
	utf16Big      = "\xfe\xff"
)

// mayBeMark reports whether more bytes are needed to recognise a mark.
func mayBeMark(b []byte) bool {
	for _, mark := range []string{byteOrderMark, utf16Little, utf16Big} {
		if len(b) < len(mark) && strings.HasPrefix(mark, string(b)) {
			return true
		}
	}
	return false
}

var errCR = errors.New(`its lines end with a carriage return alone; convert it with tr '\r' '\n'`)

var errUTF16 = errors.New("it is UTF-16; convert it with iconv -f UTF-16 -t UTF-8")

// take returns the row that ends at an offset, without blank lines before it and without the end of its
// line.
func (t *tee) take(end int64) string {
	raw := t.buf[t.taken:int(end-t.base)]
	t.taken += len(raw)
	t.line += bytes.Count(raw, []byte(newline))
	raw = raw[leadingBlank(raw):]
	return strings.TrimSuffix(strings.TrimSuffix(string(raw), newline), "\r")
}

// leadingBlank returns the number of bytes in the blank lines at the beginning of b.
func leadingBlank(b []byte) (n int) {
	for {
		switch rest := b[n:]; {
		case bytes.HasPrefix(rest, []byte("\n")):
			n++
		case bytes.HasPrefix(rest, []byte("\r\n")):
			n += 2
		default:
			return n
		}
	}
}
