package sysio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"fanout/internal/text"
)

// TempDir is where temporary files go: the directory that TMPDIR names or, where that
// cannot be used, /tmp. Then why says what is wrong with it. A batch system may set it on
// one machine, and the command runs on another.
func TempDir() (dir string, why error) {
	const usual = "/tmp"
	dir = os.Getenv("TMPDIR")
	if dir == "" {
		return usual, nil
	}
	var st unix.Stat_t
	if !filepath.IsAbs(dir) {
		why = errors.New("it is no absolute path")
	} else if why = unix.Stat(dir, &st); why == nil {
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			why = unix.ENOTDIR
		} else if err := unix.Access(dir, unix.W_OK|unix.X_OK); err == unix.EACCES || err == unix.EROFS {
			why = err // any other is a system that does not let us ask
		}
	}
	if why == nil {
		return dir, nil
	}
	return usual, fmt.Errorf("TMPDIR is %s: %w; %s is used instead", text.Name(dir), why, usual)
}
