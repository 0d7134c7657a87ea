package record

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// Format is the number of the form of a journal. Since 2, replies of programs may be taken
// back, which a reader must know of.
const Format = 2

// Header is the first line of a journal, and the first of each run that adds to it.
type Header struct {
	Format   int       `json:"journal"`
	Version  string    `json:"version"`
	Argv     []Text    `json:"argv"`
	Dir      Text      `json:"cwd"`
	Template string    `json:"template"` // hex digest of what a run must share with those that it resumes
	Host     string    `json:"host"`
	Time     time.Time `json:"time"`
}

// Line is what a journal tells of a job.
type Line struct {
	Seq           int64     `json:"seq"`
	Items         []Text    `json:"items"`
	At            []int64   `json:"at"`      // where in the input its items stand, from 1
	IDs           []string  `json:"id"`      // of its items, see docs/records.md
	Program       int       `json:"program"` // the persistent program that answered; 0: none
	OK            bool      `json:"ok"`
	Outcome       string    `json:"outcome"`
	ExitCode      *int      `json:"exit_code"`
	Signal        *string   `json:"signal"`
	Error         string    `json:"error"` // how it has failed, in words; empty when it has not
	Attempts      int       `json:"attempts"`
	Host          string    `json:"host"`
	Worker        int       `json:"worker"`
	Start         time.Time `json:"start"`
	Seconds       float64   `json:"seconds"`
	UserSeconds   float64   `json:"user_seconds"`
	SystemSeconds float64   `json:"system_seconds"`
	MaxRSS        int64     `json:"max_rss"`
	Stderr        Text      `json:"stderr"` // the end of it, when the job has failed
}

// Text is any bytes, as AppendText writes them.
type Text string

// UnmarshalJSON is part of json.Unmarshaler.
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
