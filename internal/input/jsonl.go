package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonl reads JSON objects, one a line.
type jsonl struct {
	name   string
	lines  *lines
	all    *tables
	line   int      // the number of the last line read
	queue  []string // lines that were read for the schema
	fields []string
}

func newJSONL(from io.Reader, name string, all *tables) *jsonl {
	end := newline
	if name == "" {
		end = argEnd
	}
	return &jsonl{name: name, lines: newLines(from, end), all: all}
}

// lookAhead is the number of lines to read in search of an object.
const lookAhead = 1000

// namesMax bounds the names that are learnt from an object.
const namesMax = 10_000

// schema implements table. The names are those of the first object, including the names deeper in it.
func (j *jsonl) schema() (Schema, error) {
	if j.all.first.Known {
		return j.all.first, nil
	}
	for len(j.queue) < lookAhead {
		raw, err := j.lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Schema{}, err
		}
		j.queue = append(j.queue, raw)
		if object, err := parseObject(raw); err == nil && object != nil {
			names, err := flatten(nil, "", []byte(raw))
			return Schema{Known: true, Names: names}, err
		}
	}
	if len(j.queue) == 0 {
		return Schema{}, io.EOF
	}
	return Schema{}, nil
}

// row implements table.
func (j *jsonl) row() (string, []string, error) {
	for {
		raw, err := j.read()
		if err != nil {
			return "", nil, err
		}
		j.line++
		raw = strings.TrimSuffix(raw, "\r")
		if j.line == 1 {
			raw = strings.TrimPrefix(raw, byteOrderMark)
		}
		if strings.Trim(raw, " \t\r\n") == "" {
			continue
		}
		fields, err := j.pick(raw)
		if err != nil {
			return "", nil, &RowError{File: j.name, Line: j.line, Raw: raw, Err: err}
		}
		return raw, fields, nil
	}
}

// read returns the next line.
func (j *jsonl) read() (string, error) {
	if len(j.queue) > 0 {
		raw := j.queue[0]
		j.queue[0] = ""
		j.queue = j.queue[1:]
		return raw, nil
	}
	return j.lines.next()
}

// pick returns the wanted fields.
func (j *jsonl) pick(raw string) ([]string, error) {
	object, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	j.fields = j.fields[:0]
	for _, name := range j.all.picked {
		value, ok := lookUp(object, name)
		if !ok {
			return nil, fmt.Errorf("the object has no field %q", name)
		}
		text, err := textOf(value)
		if err != nil {
			return nil, fmt.Errorf("the field %q: %w", name, err)
		}
		j.fields = append(j.fields, text)
	}
	return j.fields, nil
}

// parseObject checks all of a row, and splits it at the top level.
func parseObject(raw string) (map[string]json.RawMessage, error) {
	raw = strings.TrimPrefix(raw, byteOrderMark)
	if !utf8.ValidString(raw) {
		return nil, errors.New("it is not UTF-8, so not JSON")
	}
	var object map[string]json.RawMessage
	err := json.Unmarshal([]byte(raw), &object)
	var syntax *json.SyntaxError
	var other *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("not JSON: %w, at byte %d", err, syntax.Offset)
	case errors.As(err, &other):
		return nil, fmt.Errorf("it is a JSON %s, but an object is needed", other.Value)
	case err != nil:
		return nil, err
	case object == nil:
		return nil, errors.New("it is a JSON null, but an object is needed")
	}
	return object, nil
}

// lookUp finds a value by its whole name, else by a part before a dot, in whose value the rest of the name
// is found.
func lookUp(object map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if value, ok := object[name]; ok {
		return value, true
	}
	for dot := strings.IndexByte(name, '.'); dot >= 0; {
		head, rest := name[:dot], name[dot+1:]
		if value, ok := object[head]; ok {
			if deeper, ok := lookIn(value, rest); ok {
				return deeper, true
			}
		}
		next := strings.IndexByte(rest, '.')
		if next < 0 {
			break
		}
		dot += 1 + next
	}
	return nil, false
}

// lookIn is lookUp in any value.
func lookIn(value json.RawMessage, name string) (json.RawMessage, bool) {
	switch value = bytes.TrimLeft(value, " \t\r\n"); value[0] {
	case '{':
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil {
			return nil, false
		}
		return lookUp(object, name)
	case '[':
		head, rest, deeper := strings.Cut(name, ".")
		n, err := strconv.Atoi(head)
		var list []json.RawMessage
		if err != nil || strconv.Itoa(n) != head || json.Unmarshal(value, &list) != nil || n < 0 || n >= len(list) {
			return nil, false
		}
		if !deeper {
			return list[n], true
		}
		return lookIn(list[n], rest)
	}
	return nil, false
}

// textOf returns a value as an argument: the content of a string, and any other value as it is written.
func textOf(value json.RawMessage) (string, error) {
	if value[0] != '"' {
		return string(value), nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return "", err
	}
	// Half of a character becomes U+FFFD, but the input may contain that character too.
	if strings.ContainsRune(text, utf8.RuneError) && halfCharacter(value) {
		return "", errors.New(`it has half of a surrogate pair, such as \ud800, which is not a character`)
	}
	return text, nil
}

// halfCharacter finds an escaped half of a surrogate pair.
func halfCharacter(quoted []byte) bool {
	for i := 0; i+1 < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		i++
		if quoted[i] != 'u' {
			continue
		}
		high := escaped4(quoted[i+1:])
		rest := quoted[min(i+5, len(quoted)):]
		i += 4
		switch {
		case high < 0xd800 || high > 0xdfff:
		case high < 0xdc00 && bytes.HasPrefix(rest, []byte(`\u`)) && escaped4(rest[2:])&^0x3ff == 0xdc00:
			i += 6
		default:
			return true
		}
	}
	return false
}

// escaped4 reads four hexadecimal digits.
func escaped4(b []byte) uint64 {
	if len(b) < 4 {
		return 0
	}
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32)
	return n
}

// flatten adds the names of all values in a value, in their order.
func flatten(names []string, prefix string, value json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(value, []byte(byteOrderMark))))
	d.UseNumber() // for numbers of any size
	open, err := d.Token()
	if _, composite := open.(json.Delim); err != nil || !composite {
		return names, err
	}
	if prefix != "" {
		prefix += "."
	}
	for n := 0; d.More() && len(names) < namesMax; n++ {
		name := strconv.Itoa(n)
		if open == json.Delim('{') {
			key, err := d.Token()
			if err != nil {
				return names, err
			}
			name, _ = key.(string)
		}
		var inner json.RawMessage
		if err := d.Decode(&inner); err != nil {
			return names, err
		}
		names = append(names, prefix+name)
		if names, err = flatten(names, prefix+name, inner); err != nil {
			return names, err
		}
	}
	return names, nil
}
