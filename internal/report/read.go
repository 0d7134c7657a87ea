package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"fanout/internal/job"
	"fanout/internal/record"
	"fanout/internal/sysio"
	"fanout/internal/text"
)

// Journal is one that can be read several times.
type Journal struct {
	Name  string
	shown string // in messages
	file  *os.File
	from  int64 // where it begins in the file
	torn  int

	taken map[int]string // programs whose replies are taken back, and why
}

// Open opens a journal; "-" is standard input. What can be read only once is copied first.
func Open(name string, stdin *os.File) (*Journal, error) {
	j := &Journal{Name: name, shown: text.Name(name)}
	var err error
	if name == "-" {
		j.Name, j.file = "standard input", stdin
		j.shown = j.Name
	} else if j.file, err = os.Open(name); err != nil {
		return nil, err
	}
	st, err := j.file.Stat()
	switch {
	case err != nil:
	case st.IsDir():
		err = fmt.Errorf("%s is a directory, and a journal is a file", j.shown)
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

// String is the journal's name in messages.
func (j *Journal) String() string { return j.shown }

// spool copies what is left to be read into a file without a name.
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

// Close closes it.
func (j *Journal) Close() { j.file.Close() }

// Torn is how many bytes there are after the last whole line, of one that is being written
// or never was finished. It is known once the journal has been written about.
func (j *Journal) Torn() int { return j.torn }

// learn finds out which replies are taken back: the lines that say so come after those of
// the jobs. To look at how each line begins takes a thirtieth of the time of a report.
func (j *Journal) learn() {
	j.taken = map[int]string{}
	lines := j.lines()
	for {
		line, err := readLine(lines)
		if err != nil {
			return // entries has it too, and says so
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

// entry is a line.
type entry struct {
	line   int64          // its number, from 1
	header *record.Header // nil: it is a job's
	job    record.Line
}

// entries gives the lines of runs and of jobs, each until the next is asked for. It is an
// iter.Seq2.
func (j *Journal) entries(yield func(*entry, error) bool) {
	lines := j.lines()
	var e entry
	for {
		line, err := readLine(lines)
		if err == io.EOF {
			j.torn = len(line)
			if e.line == 0 {
				yield(nil, fmt.Errorf("%s: it is empty, and no journal", j.shown))
			}
			return
		}
		e.line++
		if err == nil && e.line > 1 && record.IsTakenBack(line) {
			if new(record.TakenBack).Read(line) == nil {
				continue // learn has read it
			}
			err = errDamaged
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

// doubt has a job be lost whose reply was taken back.
func (j *Journal) doubt(l *record.Line) {
	why, taken := j.taken[l.Program]
	if !taken || !l.OK {
		return
	}
	l.OK, l.Outcome, l.ExitCode, l.Error = false, record.Outcome(job.Lost), nil, "lost: "+why
}

// readLine gives a line without its end, and with io.EOF what has none.
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

// parse takes a line apart.
func (e *entry) parse(line []byte) error {
	e.header, e.job = nil, record.Line{}
	if bytes.HasPrefix(line, []byte(`{"journal":`)) {
		e.header = new(record.Header)
		if err := json.Unmarshal(line, e.header); err != nil {
			return errDamaged
		}
		if e.header.Format > record.Format {
			return fmt.Errorf("it is of format %d, and this fanout knows those up to %d: use the fanout that wrote it, %s", e.header.Format, record.Format, e.header.Version)
		}
		return nil
	}
	if e.line == 1 {
		return errors.New("it is not the first line of a journal: name a file that --journal wrote")
	}
	if err := json.Unmarshal(line, &e.job); err != nil || !possible(&e.job) {
		return errDamaged
	}
	return nil
}

// possible says whether a job can have been so.
func possible(l *record.Line) bool {
	const longest = 100 * 365 * 24 * 3600 // seconds, of a job, or of all processes of it
	for _, s := range []float64{l.Seconds, l.UserSeconds, l.SystemSeconds} {
		if !(s >= 0 && s < longest) {
			return false
		}
	}
	return l.Seq >= 1 && l.Outcome != "" && l.Attempts >= 0 && l.Attempts < 1<<31 && l.Worker >= 0 && l.MaxRSS >= 0
}

// errDamaged is a line that fanout did not write, or not like this.
var errDamaged = errors.New("it is damaged: delete the line to have a report of the others")
