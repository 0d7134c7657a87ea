package sysio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fanout/internal/text"
)

// TempDir returns the directory for temporary files: TMPDIR or, if that cannot be used, /tmp. Then why says
// what is wrong with TMPDIR. A batch system may set it on one machine and run the command on another.
func TempDir() (dir string, why error) {
	const usual = "/tmp"
	dir = os.Getenv("TMPDIR")
	if dir == "" {
		return usual, nil
	}
	var st unix.Stat_t
	if !filepath.IsAbs(dir) {
		why = errors.New("it is not an absolute path")
	} else if why = unix.Stat(dir, &st); why == nil {
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			why = unix.ENOTDIR
		} else if err := unix.Access(dir, unix.W_OK|unix.X_OK); err == unix.EACCES || err == unix.EROFS {
			why = err // any other error means that the system does not let us ask
		}
	}
	if why == nil {
		return dir, nil
	}
	return usual, fmt.Errorf("TMPDIR is %s: %w; %s is used instead", text.Name(dir), why, usual)
}
