package input

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readRows gives what the rows of these texts, each a file, come to: fields joined by |, or
// what is wrong.
func readRows(t *testing.T, spec Spec, picked []string, least int, texts ...string) (s Schema, rows []string, err error) {
	t.Helper()
	if spec.Delimiter == "" {
		spec.Delimiter = newline
	}
	for _, text := range texts {
		spec.Sources = append(spec.Sources, fileOf(t, text))
	}
	in, err := Open(spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if s, err = in.Schema(t.Context()); err != nil {
		return s, nil, err
	}
	in.Use(picked, least)
	for it, err := range in.Items(t.Context()) {
		if err != nil {
			return s, rows, err
		}
		if int64(len(rows)+1) != it.Seq {
			t.Errorf("item %d is number %d", len(rows)+1, it.Seq)
		}
		row := strings.Join(it.Fields, "|")
		if it.Err != nil {
			var bad *RowError
			if !errors.As(it.Err, &bad) || it.Fields[0] != bad.Raw || len(it.Fields) != 1 {
				t.Errorf("%q: %v", it.Fields, it.Err)
			}
			bad.File = "f"
			row = "! " + bad.Error()
		}
		rows = append(rows, row)
	}
	return s, rows, nil
}

func TestTables(t *testing.T) {
	comma := regexp.MustCompile(` *, *`)
	object := []string{"a", "b.c"}
	for name, tt := range map[string]struct {
		spec   Spec
		picked []string
		least  int
		texts  []string
		names  []string
		rows   []string
		err    string
	}{
		"csv":                     {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1,2\n3,4\n"}, []string{"a", "b"}, []string{"1,2|1|2", "3,4|3|4"}, ""},
		"csv, no last newline":    {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1,2"}, []string{"a", "b"}, []string{"1,2|1|2"}, ""},
		"csv, BOM and CRLF":       {Spec{Format: CSV, Header: true}, nil, 0, []string{"\ufeffa,b\r\n1,2\r\n\r\n3,\r\n"}, []string{"a", "b"}, []string{"1,2|1|2", "3,|3|"}, ""},
		"csv, BOM before a quote": {Spec{Format: CSV, Header: true}, nil, 0, []string{"\ufeff\"a\",b\n1,2"}, []string{"a", "b"}, []string{"1,2|1|2"}, ""},
		"csv, quoted": {Spec{Format: CSV, Header: true}, nil, 0, []string{"\"a\nx\",b\n\"1,\"\"2\"\"\n\n3\",4\n\n\n5,6\n"}, []string{"a\nx", "b"},
			[]string{"\"1,\"\"2\"\"\n\n3\",4|1,\"2\"\n\n3|4", "5,6|5|6"}, ""},
		"csv, CRLF in quotes": {Spec{Format: CSV, Header: true}, nil, 0, []string{"a\r\n\"1\r\n2\"\r\n"}, []string{"a"}, []string{"\"1\r\n2\"|1\n2"}, ""},
		"csv, no header":      {Spec{Format: CSV}, nil, 0, []string{"1,2\n3,4\n"}, nil, []string{"1,2|1|2", "3,4|3|4"}, ""},
		"csv, ragged": {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1\n1,2,3\n\n3,4\n"}, []string{"a", "b"},
			[]string{"! f:2: the row has 1 field, the header has 2", "! f:3: the row has 3 fields, the header has 2", "3,4|3|4"}, ""},
		"csv, ragged without a header": {Spec{Format: CSV}, nil, 0, []string{"1,2\n3\n"}, nil, []string{"1,2|1|2", "! f:2: the row has 1 field, the first row has 2"}, ""},
		"csv, quotes": {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1,x\"y\n\"1\"2,3\n5,6\n"}, []string{"a", "b"},
			[]string{"! f:2: column 4: a quote in a field that does not begin with one; write the field in quotes, and this quote twice", "! f:3: column 3: a quote that is not closed, or text after a closing quote", "5,6|5|6"}, ""},
		"csv, open quote": {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1,2\n\"3,4\n5,6\n7,8\n"}, []string{"a", "b"},
			[]string{"1,2|1|2", "! f:3: a quotation mark is not closed: the row reaches to line 5"}, ""},
		"csv, first row bad":   {Spec{Format: CSV}, nil, 0, []string{"1,x\"y\n3,4\n5\n"}, nil, []string{"! f:1: column 4: a quote in a field that does not begin with one; write the field in quotes, and this quote twice", "3,4|3|4", "! f:3: the row has 1 field, the first row has 2"}, ""},
		"csv, bad header":      {Spec{Format: CSV, Header: true}, nil, 0, []string{"a\"b\n1\n"}, nil, nil, ":1: column 2: a quote in a field that does not begin with one; write the field in quotes, and this quote twice; it is the header"},
		"csv, empty":           {Spec{Format: CSV, Header: true}, nil, 0, []string{""}, nil, nil, ""},
		"csv, only a header":   {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n"}, []string{"a", "b"}, nil, ""},
		"csv, blank":           {Spec{Format: CSV, Header: true}, nil, 0, []string{"\n\r\n\n"}, nil, nil, ""},
		"csv, UTF-16":          {Spec{Format: CSV, Header: true}, nil, 0, []string{"\xff\xfea\x00"}, nil, nil, "UTF-16"},
		"csv, any bytes":       {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n\xff,\x00\n"}, []string{"a", "b"}, []string{"\xff,\x00|\xff|\x00"}, ""},
		"csv, strict":          {Spec{Format: CSV, Header: true, Strict: true}, nil, 0, []string{"a,b\n1,2\n3\n4,5\n"}, []string{"a", "b"}, []string{"1,2|1|2"}, ":3: the row has 1 field"},
		"csv, several files":   {Spec{Format: CSV, Header: true}, nil, 0, []string{"", "a,b\n1,2\n", "", "b,a\n3,4\n", "a,b\n", "a,b\n5,6"}, []string{"a", "b"}, []string{"1,2|1|2", "3,4|4|3", "5,6|5|6"}, ""},
		"csv, other fields":    {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1,2\n", "a,c\n3,4\n"}, []string{"a", "b"}, []string{"1,2|1|2"}, "its header is a,c, but the first was a,b"},
		"csv, more fields":     {Spec{Format: CSV, Header: true}, nil, 0, []string{"a,b\n1,2\n", "a,b,c\n3,4,5\n"}, []string{"a", "b"}, []string{"1,2|1|2"}, "its rows have 3 fields, but the rows before have 2"},
		"tsv":                  {Spec{Format: TSV, Header: true}, nil, 0, []string{"a\tb c\n1, 2\t\"3\t4\"\n"}, []string{"a", "b c"}, []string{"1, 2\t\"3\t4\"|1, 2|3\t4"}, ""},
		"columns":              {Spec{Format: Columns, ColSep: comma}, nil, 2, []string{"1 , 2,3\n4\n,\n"}, nil, []string{"1 , 2,3|1|2|3", "! f:2: the row has 1 field, but {2} is used", ",||"}, ""},
		"columns, header":      {Spec{Format: Columns, ColSep: comma, Header: true}, nil, 1, []string{"\ufeffa,b\n1,2,3\n4\n", "b,a\n5,6\n"}, []string{"a", "b"}, []string{"1,2,3|1|2", "4|4|", "5,6|6|5"}, ""},
		"columns, NUL":         {Spec{Format: Columns, ColSep: comma, Delimiter: "\x00"}, nil, 1, []string{"1,\n2\x003"}, nil, []string{"1,\n2|1|\n2", "3|3"}, ""},
		"columns, skip empty":  {Spec{Format: Columns, ColSep: comma, SkipEmpty: true}, nil, 1, []string{"1\n\n2"}, nil, []string{"1|1", "2|2"}, ""},
		"jsonl":                {Spec{Format: JSONL}, object, 0, []string{`{"a":"x\n\"","b":{"c":[1, 2]}}` + "\n"}, []string{"a", "b", "b.c", "b.c.0", "b.c.1"}, []string{`{"a":"x\n\"","b":{"c":[1, 2]}}|x` + "\n\"|[1, 2]"}, ""},
		"jsonl, every kind":    {Spec{Format: JSONL}, []string{"a"}, 0, []string{`{"a":null}` + "\n" + `{"a":1.50}` + "\r\n\n \t\n" + `{"a":true}` + "\n" + `{"a":{}}`}, []string{"a"}, []string{`{"a":null}|null`, `{"a":1.50}|1.50`, `{"a":true}|true`, `{"a":{}}|{}`}, ""},
		"jsonl, dots in names": {Spec{Format: JSONL}, []string{"a.b", "c.d.e"}, 0, []string{`{"a.b":1,"a":{"b":2},"c":{"d.e":3}}`}, []string{"a.b", "a", "a.b", "c", "c.d.e"}, []string{`{"a.b":1,"a":{"b":2},"c":{"d.e":3}}|1|3`}, ""},
		"jsonl, lists":         {Spec{Format: JSONL}, []string{"a.1.b"}, 0, []string{`{"a":[0,{"b":"x"}]}` + "\n" + `{"a":[0]}` + "\n" + `{"a":{"1":{"b":2}}}`}, []string{"a", "a.0", "a.1", "a.1.b"}, []string{`{"a":[0,{"b":"x"}]}|x`, `! f:2: the object has no field "a.1.b"`, `{"a":{"1":{"b":2}}}|2`}, ""},
		"jsonl, twice":         {Spec{Format: JSONL}, []string{"a"}, 0, []string{`{"a":1,"a":2}`}, []string{"a", "a"}, []string{`{"a":1,"a":2}|2`}, ""},
		"jsonl, bad": {Spec{Format: JSONL}, []string{"a"}, 0, []string{"{\n[1]\nnull\n7 \n{\"a\":1}x\n{\"a\":\"\xff\"}\n{\"b\":1}\n{\"a\":\"\\ud800\"}\n{\"a\":\"\\ud83d\\ude00\\ufffd\ufffd\"}\n"}, []string{"b"},
			[]string{"! f:1: not JSON: unexpected end of JSON input, at byte 1", "! f:2: it is a JSON array, but an object is needed", "! f:3: it is a JSON null, but an object is needed", "! f:4: it is a JSON number, but an object is needed",
				"! f:5: not JSON: invalid character 'x' after top-level value, at byte 8", "! f:6: it is not UTF-8, so not JSON", `! f:7: the object has no field "a"`,
				`! f:8: the field "a": it has half of a surrogate pair, such as \ud800, which is not a character`, `{"a":"\ud83d\ude00\ufffd` + "\ufffd\"}|😀\ufffd\ufffd"}, ""},
		"jsonl, several files": {Spec{Format: JSONL}, []string{"a"}, 0, []string{"", "{\"a\":1}\n", "x\n{\"b\":2,\"a\":3}\n"}, []string{"a"}, []string{`{"a":1}|1`, "! f:1: not JSON: invalid character 'x' looking for beginning of value, at byte 1", `{"b":2,"a":3}|3`}, ""},
		"jsonl, BOM":           {Spec{Format: JSONL}, []string{"a"}, 0, []string{"\ufeff{\"a\":1}\n"}, []string{"a"}, []string{`{"a":1}|1`}, ""},
		"jsonl, nothing known": {Spec{Format: JSONL}, []string{"a"}, 0, []string{"x\n"}, nil, []string{"! f:1: not JSON: invalid character 'x' looking for beginning of value, at byte 1"}, ""},
	} {
		s, rows, err := readRows(t, tt.spec, tt.picked, tt.least, tt.texts...)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		}
		if !slices.Equal(s.Names, tt.names) || !slices.Equal(rows, tt.rows) {
			t.Errorf("%s: %q, %q\nwant %q, %q", name, s.Names, rows, tt.names, tt.rows)
		}
	}
}

// TestRowsOfArguments: each argument is a line.
func TestRowsOfArguments(t *testing.T) {
	for name, tt := range map[string]struct {
		spec Spec
		args []string
		want string
	}{
		"csv":     {Spec{Format: CSV, Header: true}, []string{"a,b", "1,2", "3"}, "[1,2 1 2] argument 3: the row has 1 field, the header has 2"},
		"columns": {Spec{Format: Columns, ColSep: regexp.MustCompile(","), Delimiter: "\n"}, []string{"1,2", ""}, "[1,2 1 2] [ ]"},
		"jsonl":   {Spec{Format: JSONL}, []string{`{"a":1}`, "x"}, `[{"a":1}] argument 2: not JSON: invalid character 'x' looking for beginning of value, at byte 1`},
	} {
		tt.spec.Sources = []Source{{Args: tt.args}}
		in, err := Open(tt.spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Schema(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for it, err := range in.Items(t.Context()) {
			switch {
			case err != nil:
				t.Fatal(err)
			case it.Err != nil:
				got = append(got, it.Err.Error())
			default:
				got = append(got, fmt.Sprint(it.Fields))
			}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: %s, want %s", name, text, tt.want)
		}
	}
}

// endless is a row that does not end.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if e.n == 0 {
		copy(p, "a,b\n1,2\n\"")
	}
	e.n += len(p)
	return len(p), nil
}

// TestOpenQuote: a quotation mark that is never closed does not take all memory.
func TestOpenQuote(t *testing.T) {
	c := newCSV(&endless{}, "f", ',', true)
	if _, err := c.schema(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.row(); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.row()
	if err == nil || !strings.Contains(err.Error(), "reading f: line 3: a row of more than 64 MiB") {
		t.Error(err)
	}
}

// TestTeeForgets: bytes that are taken are not kept.
func TestTeeForgets(t *testing.T) {
	row := strings.Repeat("x", 1000) + "\n"
	c := newCSV(io.LimitReader(repeat(row), 100<<20), "f", ',', false)
	if _, err := c.schema(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		_, _, err := c.row()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if cap(c.tee.buf) > 1<<20 {
			t.Fatalf("%d bytes are kept after %d rows", cap(c.tee.buf), n)
		}
	}
	if want := 100<<20/len(row) + 1; n != want {
		t.Errorf("%d rows, want %d", n, want)
	}
}

type repeated struct {
	text string
	at   int
}

func repeat(text string) io.Reader { return &repeated{text: text} }

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// FuzzCSV: the rows do not depend on the sizes of reads, no byte is lost but line ends, and what
// encoding/csv writes comes back.
func FuzzCSV(f *testing.F) {
	for i, text := range []string{"a,b\n1,2\n", "\ufeffa\r\n\"1\r\n\"\"\"\r\n\r\n", "a\"b\n\"c\nd", "\n\n,\n\"\"\n", "\xef\xbb", "\xff\xfe"} {
		f.Add(text, uint64(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64, header bool) {
		all := func(from io.Reader) (rows []string, raws string, err error) {
			c := newCSV(from, "f", ',', header)
			s, err := c.schema()
			for err == nil {
				var raw string
				var fields []string
				raw, fields, err = c.row()
				var bad *RowError
				if errors.As(err, &bad) {
					raw, err = bad.Raw, nil
					rows = append(rows, bad.Error())
				} else if err == nil {
					rows = append(rows, fmt.Sprintf("%q %q", raw, fields))
					if s.Known && len(fields) != s.Width {
						t.Errorf("%q: %q, want %d fields", text, fields, s.Width)
					}
				}
				raws += raw
			}
			return rows, raws, err
		}
		rows, raws, err := all(strings.NewReader(text))
		again, _, err2 := all(inPieces(text, seed))
		if !reflect.DeepEqual(rows, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("%q depends on the reads: %q, %v or %q, %v", text, rows, err, again, err2)
		}
		if plain := strings.NewReplacer("\r", "", "\n", "").Replace; !header && err == io.EOF && plain(raws) != plain(strings.TrimPrefix(text, byteOrderMark)) {
			t.Errorf("%q: only %q was read", text, raws)
		}
		fields := []string{"x", text, strings.ReplaceAll(text, ",", "\"")}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Write(fields)
		w.Flush()
		got, _, err := all(strings.NewReader("h,h,h\n" + b.String()))
		for i, s := range fields {
			fields[i] = strings.ReplaceAll(s, "\r\n", "\n")
		}
		if want := fmt.Sprintf("%q", fields); err != io.EOF || !strings.HasSuffix(got[len(got)-1], want) {
			t.Errorf("%q is read as %q, %v, want %s", b.String(), got, err, want)
		}
	})
}

// FuzzJSONL: each line is a row or the error of encoding/json.
func FuzzJSONL(f *testing.F) {
	for i, text := range []string{`{"a":"x"}`, "{}\n\n[1]\r\n", `{"a":"\ud800"}`, `{"a":{"b":[1]},"a.b":2}`, "\xff\n\ufeff{", `{"a":"\\ud800 \ud800\udc00"}`} {
		f.Add(text, "a", uint64(i))
	}
	f.Fuzz(func(t *testing.T, text, name string, seed uint64) {
		all := func(from io.Reader) (rows []string) {
			ts := &tables{in: &Input{}, picked: []string{name}}
			j := newJSONL(from, "f", ts)
			s, err := j.schema()
			if err != nil && err != io.EOF || len(s.Names) > namesMax {
				t.Errorf("%q: %v, %d names", text, err, len(s.Names))
			}
			for {
				raw, fields, err := j.row()
				var bad *RowError
				switch {
				case err == io.EOF:
					return rows
				case errors.As(err, &bad):
					rows = append(rows, bad.Error())
				case err != nil:
					t.Fatal(err)
				default:
					rows = append(rows, fields[0])
					var object map[string]any
					if json.Unmarshal([]byte(raw), &object) != nil {
						t.Errorf("%q is taken for an object", raw)
					}
					if s, ok := object[name].(string); ok && s != fields[0] {
						t.Errorf("%q: %q, want %q", raw, fields[0], s)
					}
				}
			}
		}
		rows := all(strings.NewReader(text))
		if again := all(inPieces(text, seed)); !reflect.DeepEqual(rows, again) {
			t.Errorf("%q depends on the reads: %q or %q", text, rows, again)
		}
		want := 0
		for line := range strings.SplitSeq(strings.TrimPrefix(text, byteOrderMark), "\n") {
			if strings.Trim(line, " \t\r") != "" {
				want++
			}
		}
		if len(rows) != want {
			t.Errorf("%q: %q, want %d rows", text, rows, want)
		}
	})
}
