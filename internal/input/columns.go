package input

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"fanout/internal/text"
)

// columns reads lines, and splits them into fields by a regular expression.
type columns struct {
	name   string
	lines  *lines
	sep    *regexp.Regexp
	header bool
	all    *tables
	line   int // the number of the last line read
	fields []string
}

func newColumns(from io.Reader, name string, all *tables) *columns {
	spec := &all.in.spec
	l := newLines(from, spec.Delimiter)
	if name != "" {
		all.in.watch(name, l, true)
	}
	return &columns{name: name, lines: l, sep: spec.ColSep, header: spec.Header, all: all}
}

// schema implements table.
func (c *columns) schema() (Schema, error) {
	if !c.header {
		return Schema{Known: true}, nil // the first row says nothing about the others
	}
	raw, err := c.read()
	if err != nil {
		return Schema{}, err
	}
	names := c.split(strings.TrimPrefix(raw, byteOrderMark))
	if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, "\r") }) {
		return Schema{}, fmt.Errorf("reading %s: %w", place(c.name), errCR)
	}
	return Schema{Known: true, Names: append([]string(nil), names...), Width: len(names)}, nil
}

// read returns the next line, without the empty lines that are left out.
func (c *columns) read() (string, error) {
	for {
		raw, err := c.lines.next()
		if err != nil {
			return "", err
		}
		c.line++
		if c.all.in.spec.Delimiter == newline {
			raw = strings.TrimSuffix(raw, "\r")
		}
		if raw != "" || !c.all.in.spec.SkipEmpty {
			return raw, nil
		}
	}
}

// row implements table.
func (c *columns) row() (string, []string, error) {
	raw, err := c.read()
	if err != nil {
		return "", nil, err
	}
	fields := c.split(raw)
	// A row needs no more fields than COMMAND uses.
	if least := c.all.least; len(fields) < least {
		few := fmt.Errorf("the row has %s, but {%d} is used", text.Plural(int64(len(fields)), "field", "fields"), least)
		return "", nil, &RowError{File: c.name, Line: c.line, Raw: raw, Err: few}
	}
	if width := c.all.first.Width; width > 0 { // as many fields as names
		for len(fields) < width {
			fields = append(fields, "")
		}
		fields = fields[:width]
	}
	return raw, fields, nil
}

func (c *columns) split(raw string) []string {
	c.fields = c.fields[:0]
	for {
		at := c.sep.FindStringIndex(raw)
		if at == nil {
			break
		}
		c.fields = append(c.fields, raw[:at[0]])
		raw = raw[at[1]:]
	}
	c.fields = append(c.fields, raw)
	return c.fields
}
