package record

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Format is the version of a journal's format. From 2 on, the replies of programs may be taken back, which a reader has
// to know.
const Format = 2

// ErrDamaged tells of a line of a journal that fanout did not write, or not in this form.
var ErrDamaged = errors.New("damaged: delete the line, and its jobs count as not run")

// Header is the first line of a journal, and of each run that adds to it.
type Header struct {
	Format   int       `json:"journal"`
	Version  string    `json:"version"`
	Argv     []Text    `json:"argv"`
	Dir      Text      `json:"cwd"`
	Template string    `json:"template"` // a hex digest of what a resumed run must have in common
	Host     string    `json:"host"`
	Time     time.Time `json:"time"`
}

// ReadHeader reads a line of a journal. It returns nil for one that is no header, which a journal cannot begin with.
func ReadHeader(line []byte, first bool) (*Header, error) {
	if !bytes.HasPrefix(line, []byte(`{"journal":`)) {
		if first {
			return nil, errors.New("not a journal: name a file that --journal wrote")
		}
		return nil, nil
	}
	h := new(Header)
	if json.Unmarshal(line, h) != nil {
		return nil, ErrDamaged
	}
	if h.Format > Format {
		return nil, fmt.Errorf("its format is %d, and this fanout reads formats up to %d: use the fanout that wrote it, version %s", h.Format, Format, h.Version)
	}
	return h, nil
}

// Line is the record of a job in a journal.
type Line struct {
	Seq           int64     `json:"seq"`
	Items         []Text    `json:"items"`
	At            []int64   `json:"at"`      // the places of its items in the input, from 1
	IDs           []string  `json:"id"`      // of its items; docs/records.md says how they are made
	Program       int       `json:"program"` // the persistent program that answered; 0: none
	OK            bool      `json:"ok"`
	Outcome       string    `json:"outcome"`
	ExitCode      *int      `json:"exit_code"`
	Signal        *string   `json:"signal"`
	Error         string    `json:"error"` // how it failed, in words; empty when it did not
	Attempts      int       `json:"attempts"`
	Host          string    `json:"host"`
	Worker        int       `json:"worker"`
	Start         time.Time `json:"start"`
	Seconds       float64   `json:"seconds"`
	UserSeconds   float64   `json:"user_seconds"`
	SystemSeconds float64   `json:"system_seconds"`
	MaxRSS        int64     `json:"max_rss"`
	Stderr        Text      `json:"stderr"` // the end of it, when the job failed
}

// Text is any bytes, in the form that AppendText writes.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var coded struct{ Base64 string }
		if err := json.Unmarshal(b, &coded); err != nil {
			return err
		}
		text, err := base64.StdEncoding.DecodeString(coded.Base64)
		*t = Text(text)
		return err
	}
	var s string
	err := json.Unmarshal(b, &s)
	*t = Text(s)
	return err
}
