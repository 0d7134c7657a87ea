package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// TakenBack is a line that takes back what persistent programs have replied: whatever lines
// there are of these, before it or after it, nothing is known of their jobs.
type TakenBack struct {
	Programs []int     `json:"taken_back"`
	Error    string    `json:"error"` // why
	Time     time.Time `json:"time"`
}

// IsTakenBack says whether a line begins as one does.
func IsTakenBack(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"taken_back":`)) }

// AppendTakenBack adds a line.
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

// Read reads a line that IsTakenBack.
func (t *TakenBack) Read(line []byte) error {
	if err := json.Unmarshal(line, t); err != nil {
		return err
	}
	for _, program := range t.Programs {
		if program < 1 {
			return errors.New("programs are counted from 1")
		}
	}
	return nil
}
