package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"fanout/internal/text"
)

// Schema is what is known of rows before the first one runs.
type Schema struct {
	Names []string // the names of the fields; "" for a field without one
	Width int      // the number of fields in each row; 0: unknown, or different
	Pick  bool     // rows have only the fields that Use asks for
	Known bool     // there was a row to learn from
}

// RowError is a row that cannot be used. The rows after it can.
type RowError struct {
	File string // "" for arguments
	Line int    // the line at which the row begins, from 1
	Err  error
	Raw  string // the text of the row
}

func (e *RowError) Error() string {
	if e.File == "" && strings.HasPrefix(e.Err.Error(), "column ") {
		return fmt.Sprintf("argument %d, %v", e.Line, e.Err)
	}
	if e.File == "" {
		return fmt.Sprintf("argument %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// table reads the rows of one source.
type table interface {
	// schema reads as much as it needs; io.EOF says that there are no rows.
	schema() (Schema, error)
	// row returns the next row, whole and as fields. A *RowError concerns that row only.
	row() (raw string, fields []string, err error)
}

// tables reads the rows of all sources, one source after the other.
type tables struct {
	in     *Input
	open   []*reader // the readers of files
	ctx    context.Context
	wake   int
	at     int   // the source to open next
	now    table // the open source; nil: none
	first  Schema
	order  []int // for each field of the first source, its index in this one; nil: the same
	picked []string
	least  int // the fewest fields of a row, where the number may differ
	slab   slab
}

func newTables(in *Input) *tables {
	return &tables{in: in}
}

// Schema reads the header, or the first row, of the first source that has one. It waits no longer than ctx.
func (in *Input) Schema(ctx context.Context) (Schema, error) {
	t := in.table
	wake, err := newWake(ctx)
	if err != nil {
		return Schema{}, err
	}
	defer wake.close()
	t.interruptible(ctx, wake.fd)
	for !t.first.Known && t.at < len(in.sources) {
		err := t.begin()
		if err == io.EOF { // the next source may have one
			t.now = nil
			continue
		}
		if err != nil {
			return Schema{}, err
		}
		break
	}
	t.first.Pick = in.spec.Format == JSONL
	return t.first, nil
}

// Use names the wanted fields: picked for a format whose fields are picked, else all fields up to the number
// highest.
func (in *Input) Use(picked []string, highest int) { in.table.picked, in.table.least = picked, highest }

// interruptible makes reads end when ctx ends.
func (t *tables) interruptible(ctx context.Context, wake int) {
	t.ctx, t.wake = ctx, wake
	for _, r := range t.open {
		r.ctx, r.wake = ctx, wake
	}
}

// begin opens the next source, and orders its fields as those of the first source.
func (t *tables) begin() error {
	src, fl := t.in.sources[t.at], t.in.files[t.at]
	t.at++
	name := ""
	var from io.Reader = newArgReader(src.Args, t.in.spec)
	if fl != nil {
		r := &reader{fl, t.ctx, t.wake}
		t.open = append(t.open, r)
		name, from = fl.name, r
	}
	switch format := t.in.spec.Format; {
	case fl == nil && format == CSV:
		t.now = &argCSV{args: src.Args, comma: ',', header: t.in.spec.Header}
	case fl == nil && format == TSV:
		t.now = &argCSV{args: src.Args, comma: '\t', header: t.in.spec.Header}
	case format == CSV:
		t.now = newCSV(from, name, ',', t.in.spec.Header)
	case format == TSV:
		t.now = newCSV(from, name, '\t', t.in.spec.Header)
	case format == JSONL:
		t.now = newJSONL(from, name, t)
	default:
		t.now = newColumns(from, name, t)
	}
	s, err := t.now.schema()
	if err != nil || !s.Known {
		return err
	}
	if !t.first.Known {
		t.first, t.order = s, nil
		return nil
	}
	return t.match(s, name)
}

// match finds the fields of the first source in another.
func (t *tables) match(s Schema, name string) error {
	t.order = nil
	switch {
	case t.in.spec.Format == JSONL, slices.Equal(s.Names, t.first.Names) && s.Width == t.first.Width:
		return nil
	case s.Width != t.first.Width:
		return fmt.Errorf("reading %s: its rows have %d fields, but the rows before have %d",
			place(name), s.Width, t.first.Width)
	}
	order := make([]int, len(s.Names))
	for i, field := range t.first.Names {
		at := slices.Index(s.Names, field)
		if at < 0 || slices.Contains(s.Names[at+1:], field) || slices.Contains(t.first.Names[i+1:], field) {
			return fmt.Errorf("reading %s: its header is %s, but the first was %s; the same fields are needed, in any order",
				place(name), strings.Join(s.Names, ","), strings.Join(t.first.Names, ","))
		}
		order[i] = at
	}
	t.order = order
	return nil
}

// place names a source in an error.
func place(name string) string {
	switch name {
	case "":
		return "the arguments"
	case stdinName:
		return name
	}
	return text.Name(name)
}

// next implements rows.
func (t *tables) next() ([]string, error) {
	for {
		if t.now == nil {
			if t.at == len(t.in.sources) {
				return nil, io.EOF
			}
			if err := t.begin(); err == io.EOF {
				t.now = nil
				continue
			} else if err != nil {
				return nil, err
			}
		}
		raw, fields, err := t.now.row()
		if err == io.EOF {
			t.now = nil
			continue
		}
		if err != nil {
			return nil, err
		}
		all := t.slab.take(1+len(fields), len(raw))
		all[0] = raw
		if t.order == nil {
			copy(all[1:], fields)
			return all, nil
		}
		for i, at := range t.order {
			all[1+i] = fields[at]
		}
		return all, nil
	}
}

// argEnd ends an argument of JSON: no argument contains it, while a newline may stand in the JSON.
const argEnd = "\x00"

// argReader reads arguments as a file with one argument a line.
type argReader struct {
	left []string
	end  string
	now  string
}

func newArgReader(args []string, spec Spec) io.Reader {
	end := newline
	switch spec.Format {
	case Columns:
		end = spec.Delimiter
	case JSONL:
		end = argEnd
	}
	return &argReader{left: args, end: end}
}

func (a *argReader) Read(p []byte) (int, error) {
	for a.now == "" {
		if len(a.left) == 0 {
			return 0, io.EOF
		}
		a.now, a.left = a.left[0]+a.end, a.left[1:]
	}
	n := copy(p, a.now)
	a.now = a.now[n:]
	return n, nil
}

// rowMax bounds the size of one row. A larger one means a quotation mark that is not closed.
const rowMax = 64 << 20

var errRowTooLong = errors.New("a row of more than 64 MiB begins there; is a quotation mark not closed?")
