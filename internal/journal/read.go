package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"fanout/internal/record"
)

// reader reads the lines of a journal into an index.
type reader struct {
	index    *index
	template string // of the last header
	format   int    // of the last header
	last     int64  // the greatest number of a job
	mixed    bool   // some jobs have several items, or not the number of their item
	headers  int
	programs int          // the greatest number of a persistent program
	taken    map[int]bool // the programs whose replies are taken back
}

// read reads all lines of r. The buffer grows with the longest line.
func (rd *reader) read(r io.Reader) error {
	buf := make([]byte, 0, 1<<20)
	for line := 1; ; {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest := buf
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			if err := rd.take(rest[:end], line == 1); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			rest = rest[end+1:]
			line++
		}
		if err == io.EOF {
			return nil // what is left is an unfinished line, which Begin cuts off
		}
		if err != nil {
			return err
		}
		if len(rest) == cap(buf) {
			buf = append(make([]byte, 0, 2*cap(buf)), rest...)
		} else {
			buf = buf[:copy(buf[:cap(buf)], rest)]
		}
	}
}

func (rd *reader) take(line []byte, first bool) error {
	header, err := record.ReadHeader(line, first)
	switch {
	case err != nil:
		return err
	case header != nil:
		rd.template, rd.format = header.Template, header.Format
		rd.headers++
		return nil
	case record.IsTakenBack(line):
		return rd.takeBack(line)
	case rd.quick(line):
		return nil
	default:
		return rd.slow(line)
	}
}

// takeBack reads a line that takes back the replies of programs.
func (rd *reader) takeBack(line []byte) error {
	var t record.TakenBack
	if err := t.Read(line); err != nil {
		return err
	}
	if rd.taken == nil {
		rd.taken = map[int]bool{}
	}
	for _, program := range t.Programs {
		rd.taken[program] = true
		rd.programs = max(rd.programs, program)
	}
	return nil
}

// quick reads a line in the form that [Writer] gives it, without parsing all of its JSON: ten million lines take 1 s, and
// 60 s by encoding/json. A quotation mark within a string has a backslash before it, so the text that quick looks for can
// only be the members themselves.
func (rd *reader) quick(line []byte) bool {
	if !bytes.HasPrefix(line, []byte(`{"seq":`)) || line[len(line)-1] != '}' || bytes.IndexByte(line, 0) >= 0 {
		return false
	}
	seq, rest, ok := number(line[len(`{"seq":`):])
	if !ok || seq < 1 {
		return false
	}
	_, rest, ok = bytes.Cut(rest, []byte(`],"at":[`))
	if !ok {
		return false
	}
	at := rest
	places := 0
	var first int64
	for {
		var place int64
		if place, rest, ok = number(rest); !ok || place < 1 {
			return false
		}
		if places == 0 {
			first = place
		}
		places++
		if rest[0] != ',' {
			break
		}
		rest = rest[1:]
	}
	ids, ok := bytes.CutPrefix(rest, []byte(`],"id":[`))
	if !ok {
		return false
	}
	length := places*(idText+3) - 1
	if len(ids) < length {
		return false
	}
	program, rest, ok := programOf(ids[length:])
	if !ok {
		return false
	}
	good := bytes.HasPrefix(rest, []byte("true,"))
	if !good && !bytes.HasPrefix(rest, []byte("false,")) {
		return false
	}
	for range places {
		var place int64
		place, at, _ = number(at)
		at = at[1:]
		id, ok := parseID(ids[1 : 1+idText])
		if !ok {
			return false
		}
		ids = ids[idText+3:]
		rd.index.set(place, id, good && !rd.taken[program])
	}
	rd.last = max(rd.last, seq)
	rd.mixed = rd.mixed || places != 1 || first != seq
	rd.programs = max(rd.programs, program)
	return true
}

// programOf reads the program's number, if there is one, and the beginning of the member ok.
func programOf(b []byte) (program int, rest []byte, ok bool) {
	if after, is := bytes.CutPrefix(b, []byte(`],"program":`)); is {
		n, rest, ok := number(after)
		rest, after := bytes.CutPrefix(rest, []byte(`,"ok":`))
		return int(n), rest, ok && after
	}
	rest, ok = bytes.CutPrefix(b, []byte(`],"ok":`))
	return 0, rest, ok
}

// number reads a number of at most 18 digits, which must not end the line.
func number(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && i < 18 && '0' <= b[i] && b[i] <= '9'; i++ {
		n = 10*n + int64(b[i]-'0')
	}
	return n, b[i:], i > 0 && i < len(b)
}

// idText is the length of an ID as text.
const idText = 16

func parseID[T string | []byte](text T) (id ID, ok bool) {
	if len(text) != idText {
		return id, false
	}
	n, err := base64.StdEncoding.Decode(id[:], []byte(text))
	return id, err == nil && n == len(id)
}

// slow reads a line in any form of JSON.
func (rd *reader) slow(line []byte) error {
	var l record.Line
	if json.Unmarshal(line, &l) != nil || l.Seq < 1 || len(l.At) == 0 || len(l.At) != len(l.IDs) {
		return record.ErrDamaged
	}
	for i, place := range l.At {
		id, ok := parseID(l.IDs[i])
		if !ok || place < 1 {
			return record.ErrDamaged
		}
		rd.index.set(place, id, l.OK && !rd.taken[l.Program])
	}
	rd.last = max(rd.last, l.Seq)
	rd.mixed = rd.mixed || len(l.At) != 1 || l.At[0] != l.Seq
	rd.programs = max(rd.programs, l.Program)
	return nil
}
