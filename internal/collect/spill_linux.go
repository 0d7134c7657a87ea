package collect

import (
	"os"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// temporary makes a file that never has a name, where the file system can do that.
func temporary(dir, name string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == unix.EISDIR || sysio.Refused(err) { // whatever is wrong with the directory shows there, too
		return unlinked(dir, name)
	}
	if err != nil {
		return nil, &os.PathError{Op: "creating a file in", Path: dir, Err: err}
	}
	return os.NewFile(uintptr(fd), dir), nil
}

func punchHole(file *os.File, off, n int64) {
	unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}
