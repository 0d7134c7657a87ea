// Package record writes and reads the records of jobs as JSON. The members are the same, with the same meanings, for
// --json, for the journal and for the files of --results. It has no side effects.
package record

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"fanout/internal/job"
)

// Stamp is the layout of all times: RFC 3339 in UTC, with milliseconds.
const Stamp = "2006-01-02T15:04:05.000Z"

// AppendItems appends the members that name the job: seq and items.
func AppendItems(b []byte, j job.Job) []byte {
	b = append(b, `"seq":`...)
	b = strconv.AppendInt(b, j.Seq(), 10)
	b = append(b, `,"items":[`...)
	for i, it := range j.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendText(b, it.String())
	}
	return append(b, ']')
}

// AppendOutcome appends the members that tell how the job ended and what it cost, each after a comma.
func AppendOutcome(b []byte, d *job.Finished, host string) []byte {
	st := &d.Status
	if st.Program > 0 {
		b = append(b, `,"program":`...)
		b = strconv.AppendInt(b, int64(st.Program), 10)
	}
	b = append(b, `,"ok":`...)
	b = strconv.AppendBool(b, st.OK())
	b = append(b, `,"outcome":"`...)
	b = append(b, st.Outcome.String()...)
	b = append(b, `","exit_code":`...)
	if st.Outcome == job.Exited {
		b = strconv.AppendInt(b, int64(st.Code), 10)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"signal":`...)
	if st.Outcome == job.Signaled {
		b = AppendString(b, job.SignalName(st.Signal))
	} else {
		b = append(b, "null"...)
	}
	if !st.OK() {
		b = append(b, `,"error":`...)
		b = AppendString(b, validText(st.String()))
	}
	b = append(b, `,"attempts":`...)
	b = strconv.AppendInt(b, int64(max(1, d.Job.Attempt)), 10)
	if d.Status.Host != "" {
		host = d.Status.Host
	}
	b = append(b, `,"host":`...)
	b = AppendString(b, host)
	b = append(b, `,"worker":`...)
	b = strconv.AppendInt(b, int64(st.Worker), 10)
	b = append(b, `,"start":"`...)
	b = d.Ended.Add(-st.Usage.Wall).UTC().AppendFormat(b, Stamp)
	b = append(b, `","seconds":`...)
	b = appendSeconds(b, st.Usage.Wall)
	b = append(b, `,"user_seconds":`...)
	b = appendSeconds(b, st.Usage.User)
	b = append(b, `,"system_seconds":`...)
	b = appendSeconds(b, st.Usage.System)
	b = append(b, `,"max_rss":`...)
	return strconv.AppendInt(b, st.Usage.MaxRSS, 10)
}

// appendSeconds appends a duration in seconds, to the microsecond.
func appendSeconds(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d.Microseconds())/1e6, 'f', -1, 64)
}

// AppendText appends any text: a string or, when it is not UTF-8, which JSON cannot hold, {"base64": "..."}.
func AppendText(b []byte, s string) []byte {
	if utf8.ValidString(s) {
		return AppendString(b, s)
	}
	b = append(b, `{"base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, []byte(s))
	return append(b, `"}`...)
}

// AppendString appends a string, which must be UTF-8.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	b = AppendEscaped(b, s)
	return append(b, '"')
}

// AppendEscaped appends what stands between the quotes of a string. The text may come in pieces.
func AppendEscaped[T string | []byte](b []byte, s T) []byte {
	const hex = "0123456789abcdef"
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(b, s[from:]...)
}

// validText replaces each byte that is not UTF-8 by U+FFFD.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	valid := make([]rune, 0, len(s))
	for _, r := range s {
		valid = append(valid, r)
	}
	return string(valid)
}
