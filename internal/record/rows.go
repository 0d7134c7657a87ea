package record

import (
	"strings"
	"unicode/utf8"

	"fanout/internal/job"
)

// Rows adds the member that tells what the fields of a job's rows are.
type Rows struct {
	names   []string // of the fields as members, each with its colon; nil: they have none
	objects bool     // a row is an object of JSON itself
}

// NewRows is for rows whose fields have these names. They name the members of an object
// where each has one of its own, and else the fields are an array.
func NewRows(names []string) *Rows {
	r := &Rows{}
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || !utf8.ValidString(name) || seen[name] {
			return &Rows{}
		}
		seen[name] = true
		r.names = append(r.names, string(append(AppendString(nil, name), ':')))
	}
	return r
}

// ObjectRows is for rows that are objects of JSON.
func ObjectRows() *Rows { return &Rows{objects: true} }

// Append adds the member after a comma: for each item its fields, null for one that could
// not be read.
func (r *Rows) Append(b []byte, j job.Job) []byte {
	b = append(b, `,"fields":[`...)
	for i, it := range j.Items {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case it.Err != nil:
			b = append(b, "null"...)
		case r.objects:
			b = append(b, strings.Trim(it.String(), " \t\r")...)
		default:
			b = r.appendFields(b, it.Fields[1:])
		}
	}
	return append(b, ']')
}

func (r *Rows) appendFields(b []byte, fields []string) []byte {
	begin, end := byte('['), byte(']')
	if r.names != nil {
		begin, end = '{', '}'
	}
	b = append(b, begin)
	for i, field := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		if r.names != nil {
			b = append(b, r.names[i]...)
		}
		b = AppendText(b, field)
	}
	return append(b, end)
}
