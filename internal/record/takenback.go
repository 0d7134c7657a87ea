package record

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// TakenBack is a line of a journal that takes back the replies of persistent programs. All lines of their jobs, before
// it and after it, lose their meaning: how those jobs ended is unknown.
type TakenBack struct {
	Programs []int     `json:"taken_back"`
	Error    string    `json:"error"` // why
	Time     time.Time `json:"time"`
}

// IsTakenBack reports whether a line begins as a TakenBack does.
func IsTakenBack(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"taken_back":`)) }

// AppendTakenBack appends a line.
func AppendTakenBack(b []byte, t TakenBack) []byte {
	b = append(b, `{"taken_back":[`...)
	for i, program := range t.Programs {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(program), 10)
	}
	b = append(b, `],"error":`...)
	b = AppendString(b, validText(t.Error))
	b = append(b, `,"time":"`...)
	b = t.Time.UTC().AppendFormat(b, Stamp)
	return append(b, "\"}\n"...)
}

// Read reads a line that IsTakenBack. The error is ErrDamaged.
func (t *TakenBack) Read(line []byte) error {
	if json.Unmarshal(line, t) != nil || slices.ContainsFunc(t.Programs, func(p int) bool { return p < 1 }) {
		return ErrDamaged
	}
	return nil
}
