// The spill: output on disk for which memory is too small.

package collect

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// noRoomError says that output has to wait for the stream instead of being spilled. It becomes an error of the run
// where the job never streams: a line that is too long for memory and not complete, a job that may be retried.
type noRoomError struct{ why, hint string }

func (e *noRoomError) Error() string { return "no room to spill output: " + e.why + "; " + e.hint }

// noRoom returns why there is no more room to spill; nil if the error says something else.
func (s *spill) noRoom(err error) error {
	const elsewhere = "name another directory with --tmpdir"
	switch err {
	case unix.ENOSPC:
		return &noRoomError{text.Name(s.dir) + " is nearly full", elsewhere}
	case unix.EDQUOT:
		return &noRoomError{"your quota in " + text.Name(s.dir) + " is used up", elsewhere}
	case unix.EFBIG:
		return &noRoomError{"the limit on the size of a file is reached", "raise it with ulimit -f"}
	}
	return nil
}

func isNoRoom(err error) bool {
	var room *noRoomError
	return errors.As(err, &room)
}

// spill is the one unlinked temporary file that holds all output for which memory is too small. It is one file for all
// jobs, because a finished job that waits for its turn must not hold a descriptor: there may be tens of thousands of
// them. It grows at the end; what has been written out is given back as a hole.
type spill struct {
	dir, name string

	mu   sync.Mutex
	file *os.File // nil until something is spilled
	end  int64
	live int64 // bytes of extents in use

	busy atomic.Int32 // how many slots write to it at this moment
}

// extent is a piece of the spill.
type extent struct {
	off  int64
	n    int   // bytes from off that are still to be written out
	from int64 // where it begins
	size int64 // bytes that it takes in the file
}

// page is the unit of holes.
const page = 4096

// keepFree is how much of the temporary file system is left to others, though never more than a tenth of it; at that
// point jobs wait for the stream.
const keepFree = 256 << 20

// store appends p to the file. A *noRoomError means that the file system is full, or nearly, or that a limit is
// reached.
func (s *spill) store(p []byte) (extent, error) {
	size := (int64(len(p)) + page - 1) &^ (page - 1)
	e, err := s.reserve(len(p), size)
	if err != nil {
		return e, err
	}
	s.busy.Add(1)
	defer s.busy.Add(-1)
	for at := e.off; len(p) > 0; {
		n, err := sysio.Pwrite(int(s.file.Fd()), p, at)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			s.release(e)
			if full := s.noRoom(err); full != nil {
				return extent{}, full
			}
			err = os.NewSyscallError("pwrite", err)
			return extent{}, fmt.Errorf("spilling output to %s: %w", text.Name(s.dir), err)
		}
		p, at = p[n:], at+int64(n)
	}
	return e, nil
}

func (s *spill) reserve(n int, size int64) (extent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		file, err := temporary(s.dir, s.name)
		if err != nil {
			return extent{}, fmt.Errorf("spilling output: %w", err)
		}
		s.file = file
	}
	var fs unix.Statfs_t
	if unix.Fstatfs(int(s.file.Fd()), &fs) == nil {
		block := int64(fs.Bsize)
		if int64(fs.Bavail)*block < size+min(keepFree, int64(fs.Blocks)*block/10) {
			return extent{}, s.noRoom(unix.ENOSPC)
		}
	}
	e := extent{off: s.end, n: n, from: s.end, size: size}
	s.end += size
	s.live += size
	return e, nil
}

// release gives back the extent's room on disk.
func (s *spill) release(e extent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live -= e.size
	if s.live == 0 {
		s.end = 0
		s.file.Truncate(0) // the room was only lent; a failure costs room, not bytes
		return
	}
	punchHole(s.file, e.from, e.size)
}

func (s *spill) fd() int { return int(s.file.Fd()) }

func (s *spill) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// unlinked makes a temporary file the plain way, and removes its name before the file is used.
func unlinked(dir, name string) (*os.File, error) {
	file, err := os.CreateTemp(dir, name+"*")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}
