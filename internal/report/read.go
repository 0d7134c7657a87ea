package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	"fanout/internal/job"
	"fanout/internal/record"
	"fanout/internal/sysio"
	"fanout/internal/text"
)

// Journal is a journal that can be read several times.
type Journal struct {
	Name  string
	shown string // in messages
	file  *os.File
	from  int64 // the offset in the file at which it begins
	torn  int

	taken map[int]string // the programs whose replies are taken back, and why
}

// Open opens a journal; "-" is standard input. It copies a journal that can be read only once.
func Open(name string, stdin *os.File) (*Journal, error) {
	j := &Journal{Name: name, shown: text.Name(name)}
	var err error
	if name == "-" {
		j.Name, j.file = "standard input", stdin
		j.shown = j.Name
	} else if j.file, err = os.Open(name); err != nil {
		return nil, fmt.Errorf("journal %s: %w", j.shown, text.Cause(err))
	}
	st, err := j.file.Stat()
	switch {
	case err != nil:
	case st.IsDir():
		err = fmt.Errorf("%s: it is a directory; name a journal, which is a file", j.shown)
	case !st.Mode().IsRegular():
		err = j.spool()
	default:
		j.from, err = j.file.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

// String returns the journal's name for messages.
func (j *Journal) String() string { return j.shown }

// spool copies the rest of the input into an unlinked file.
func (j *Journal) spool() error {
	dir, _ := sysio.TempDir()
	f, err := os.CreateTemp(dir, "fanout-report-")
	if err != nil {
		return err
	}
	pipe := j.file
	defer pipe.Close()
	j.file = f
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	_, err = io.Copy(f, pipe)
	return err
}

// Close closes the journal.
func (j *Journal) Close() { j.file.Close() }

// Torn returns the size of an unfinished last line, in bytes: it is being written, or was never finished. It is known
// after [Write].
func (j *Journal) Torn() int { return j.torn }

// learn finds out which replies are taken back: the lines that say so come after those of the jobs. It looks only at how
// each line begins, which takes a thirtieth of the time of a report.
func (j *Journal) learn() {
	j.taken = map[int]string{}
	lines := j.lines()
	for {
		line, err := readLine(lines)
		if err != nil {
			return // entries meets the same error, and returns it
		}
		var t record.TakenBack
		if record.IsTakenBack(line) && t.Read(line) == nil {
			for _, program := range t.Programs {
				j.taken[program] = t.Error
			}
		}
	}
}

func (j *Journal) lines() *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(j.file, j.from, math.MaxInt64-j.from), 1<<20)
}

// entry is a line of a journal.
type entry struct {
	line   int64          // its number, from 1
	header *record.Header // nil: the line is a job's
	job    record.Line
}

// entries yields the headers and the jobs, as an iter.Seq2. It reuses the entry for the next line.
func (j *Journal) entries(yield func(*entry, error) bool) {
	lines := j.lines()
	var e entry
	for {
		line, err := readLine(lines)
		if err == io.EOF {
			j.torn = len(line)
			if e.line == 0 {
				yield(nil, fmt.Errorf("%s: empty: name a file that --journal wrote", j.shown))
			}
			return
		}
		e.line++
		if err == nil && e.line > 1 && record.IsTakenBack(line) {
			if err = new(record.TakenBack).Read(line); err == nil {
				continue // learn has read it
			}
		}
		if err == nil {
			err = e.parse(line)
		}
		if err == nil && e.header == nil {
			j.doubt(&e.job)
		}
		if err != nil {
			yield(nil, fmt.Errorf("%s:%d: %w", j.shown, e.line, err))
			return
		}
		if !yield(&e, nil) {
			return
		}
	}
}

// doubt makes a job lost whose reply was taken back.
func (j *Journal) doubt(l *record.Line) {
	why, taken := j.taken[l.Program]
	if !taken || !l.OK {
		return
	}
	l.OK, l.Outcome, l.ExitCode, l.Error = false, job.Lost.String(), nil, "lost: "+why
}

// readLine returns a line without its newline, or io.EOF and an unfinished line.
func readLine(r *bufio.Reader) (line []byte, err error) {
	line, err = r.ReadSlice('\n')
	for err == bufio.ErrBufferFull {
		line = bytes.Clone(line)
		var more []byte
		more, err = r.ReadSlice('\n')
		line = append(line, more...)
	}
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// parse reads the line of a run or of a job.
func (e *entry) parse(line []byte) (err error) {
	e.job = record.Line{}
	if e.header, err = record.ReadHeader(line, e.line == 1); err != nil || e.header != nil {
		return err
	}
	if json.Unmarshal(line, &e.job) != nil || !possible(&e.job) {
		return record.ErrDamaged
	}
	return nil
}

// possible reports whether the values of a job can be true.
func possible(l *record.Line) bool {
	const longest = 100 * 365 * 24 * 3600 // seconds, of a job or of all its processes
	for _, s := range []float64{l.Seconds, l.UserSeconds, l.SystemSeconds} {
		if !(s >= 0 && s < longest) {
			return false
		}
	}
	return l.Seq >= 1 && l.Outcome != "" && l.Attempts >= 0 && l.Attempts < 1<<31 && l.Worker >= 0 && l.MaxRSS >= 0
}
