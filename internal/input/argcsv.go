package input

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// argCSV reads arguments, each of which is a row of CSV: an open quotation mark does not reach into the next
// argument.
type argCSV struct {
	args   []string
	at     int // the number of the last argument read, from 1
	comma  rune
	header bool
	width  int
}

// schema implements table.
func (a *argCSV) schema() (Schema, error) {
	if !a.header {
		for _, arg := range a.args {
			if fields, err := a.parse(arg); err == nil {
				a.width = len(fields)
				return Schema{Known: true, Width: a.width}, nil
			}
		}
		if len(a.args) == 0 {
			return Schema{}, io.EOF
		}
		return Schema{}, nil
	}
	if len(a.args) == 0 {
		return Schema{}, io.EOF
	}
	a.at = 1
	names, err := a.parse(a.args[0])
	if err != nil {
		return Schema{}, badHeader(&RowError{Line: 1, Raw: a.args[0], Err: err})
	}
	a.width = len(names)
	return Schema{Known: true, Width: a.width, Names: names}, nil
}

// row implements table.
func (a *argCSV) row() (string, []string, error) {
	if a.at == len(a.args) {
		return "", nil, io.EOF
	}
	raw := a.args[a.at]
	a.at++
	fields, err := a.parse(raw)
	if err == nil && len(fields) != a.width {
		err = misfit(len(fields), a.width, a.header)
	}
	if err != nil {
		return "", nil, &RowError{Line: a.at, Raw: raw, Err: err}
	}
	return raw, fields, nil
}

// parse splits one row.
func (a *argCSV) parse(arg string) ([]string, error) {
	if arg == "" {
		return []string{""}, nil
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(arg, byteOrderMark)))
	r.Comma = a.comma
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		return nil, misquoted(bad)
	case err != nil:
		return nil, err
	}
	if _, err := r.Read(); err != io.EOF {
		return nil, errors.New("it is more than one row")
	}
	return fields, nil
}
