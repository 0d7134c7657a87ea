// Package journal keeps on disk what a run has done, so that another can go on where it
// was ended: a line of JSON for each job, written when the job's output has been.
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

// Sync says when what was written is brought to the disk, which only matters when the
// machine itself fails.
type Sync uint8

// The ways to sync. All but SyncNever do so at the end, too.
const (
	SyncSecond Sync = iota // within a second
	SyncAlways             // before the next job's outcome is written
	SyncNever              // when the system likes
)

// Spec says where the journal is and what it is for.
type Spec struct {
	Path   string
	Sync   Sync
	Resume bool          // leave out what it says was done
	Failed bool          // do only what it says has failed
	Force  bool          // also when its template is another
	Header record.Header // of this run
	Former string        // its template, as format 1 has it
}

func (s Spec) resumes() bool { return s.Resume || s.Failed }

// file is a journal that is open. The lock on it ends with it.
type file struct {
	f    *os.File
	path string
	made bool  // by us
	size int64 // of its whole lines
	torn int64 // bytes of a last line that was not finished, which are to be cut off
}

// open opens the journal, for this process alone.
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
			err = errors.New("another fanout is writing to it: wait for its end, or name another journal")
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

var errIrregular = errors.New("not a regular file: a journal is read again and cut where its last line is torn")

// wrong says of which journal something is wrong.
func wrong(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		if err = pe.Err; pe.Op != "open" && sysio.Refused(err) {
			err = os.NewSyscallError(pe.Op, err)
		}
	}
	return fmt.Errorf("journal %s: %w", text.Name(path), err)
}

// lineEnd is where the last whole line ends.
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

// now is the time as headers have it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
