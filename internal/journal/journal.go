// Package journal keeps on disk what a run has done, so that another can resume it: a line of JSON for each job, written
// once the job's output is out. [Open] reads a journal and finds the items that are done, and its [Writer] adds lines.
package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"fanout/internal/record"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// Sync says when lines are synced to the disk. That matters only when the machine itself fails.
type Sync uint8

// When to sync. All but SyncNever also sync at the end.
const (
	SyncSecond Sync = iota // within a second
	SyncAlways             // before the next job's line
	SyncNever              // when the system chooses
)

// Spec says where the journal is and how it is used.
type Spec struct {
	Path   string
	Sync   Sync
	Resume bool          // leave out the items that it has as done
	Failed bool          // run only the items that it has as failed
	Force  bool          // resume it even if its template is another
	Header record.Header // of this run
	Former string        // the template of this run, in the form of format 1
}

func (s Spec) resumes() bool { return s.Resume || s.Failed }

// file is an open journal. Closing it releases its lock.
type file struct {
	f    *os.File
	path string
	made bool  // this process made it
	size int64 // of its whole lines
	torn int64 // bytes of an unfinished last line, which Begin cuts off
}

// open opens the journal for this process alone.
func open(path string) (*file, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_APPEND | unix.O_NONBLOCK
	f, err := os.OpenFile(path, flags|os.O_EXCL, 0o666)
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(path, flags, 0o666)
	}
	if err != nil {
		return nil, wrong(path, err)
	}
	st, err := f.Stat()
	switch {
	case err != nil:
	case !st.Mode().IsRegular():
		err = errIrregular
	default:
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == unix.EWOULDBLOCK {
			err = errors.New("another fanout is writing to it: wait until that has ended, or name another journal")
		} else {
			err = os.NewSyscallError("flock", err)
		}
	}
	var end int64
	if err == nil {
		end, err = lineEnd(f, st.Size())
	}
	if err != nil {
		f.Close()
		return nil, wrong(path, err)
	}
	return &file{f: f, path: path, made: made, size: end, torn: st.Size() - end}, nil
}

var errIrregular = errors.New("not a regular file: fanout reads a journal again, and cuts off an unfinished last line; name a file")

// wrong adds the journal's name to an error.
func wrong(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		if err = pe.Err; pe.Op != "open" && sysio.Refused(err) {
			err = os.NewSyscallError(pe.Op, err)
		}
	}
	return fmt.Errorf("journal %s: %w", text.Name(path), err)
}

// lineEnd returns the offset at which the last whole line ends.
func lineEnd(f io.ReaderAt, size int64) (int64, error) {
	var buf [64 << 10]byte
	for size > 0 {
		n := min(size, int64(len(buf)))
		if _, err := f.ReadAt(buf[:n], size-n); err != nil {
			return 0, err
		}
		for i := n; i > 0; i-- {
			if buf[i-1] == '\n' {
				return size - n + i, nil
			}
		}
		size -= n
	}
	return 0, nil
}

// now returns the time with the precision of headers.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
