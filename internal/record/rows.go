package record

import (
	"strings"
	"unicode/utf8"

	"fanout/internal/job"
)

// Rows appends the member that holds the fields of a job's rows.
type Rows struct {
	names   []string // of the fields, as members with their colons; nil: the fields have no names
	objects bool     // each row is a JSON object itself
}

// NewRows returns Rows for rows whose fields have these names. The fields become an object when each has a name of its
// own, and an array otherwise.
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

// ObjectRows returns Rows for rows that are JSON objects.
func ObjectRows() *Rows { return &Rows{objects: true} }

// Append appends the member after a comma: for each item its fields, or null for one that could not be read.
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
