package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// possibleDirs returns where the registry can be: runs use the first.
func possibleDirs() []string {
	temporary, _ := sysio.TempDir() // of which the run warns
	shared := filepath.Join(temporary, "fanout-"+strconv.Itoa(os.Geteuid()))
	own := os.Getenv("XDG_RUNTIME_DIR")
	var st unix.Stat_t
	if own == "" || unix.Stat(own, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR || unsound(&st) {
		return []string{shared}
	}
	return []string{filepath.Join(own, "fanout"), shared}
}

// DefaultDir returns the directory where runs are entered.
func DefaultDir() string { return possibleDirs()[0] }

// unsound reports whether other users can change what is in the directory.
func unsound(st *unix.Stat_t) bool {
	return int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0
}

// directory is a registry that was opened and checked: all that is done in it goes through the descriptor, so that no
// other directory can be put in its place.
type directory struct {
	fd   int
	path string
}

func openDirectory(path string) (*directory, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, explain(path, err)
	}
	d := &directory{fd, path}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		err = judge(path, &st)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// makeDirectory opens the registry, and makes it where it is missing.
func makeDirectory(path string) (*directory, error) {
	d, err := openDirectory(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	if err := unix.Mkdir(path, 0o700); err != nil && err != unix.EEXIST {
		return nil, &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return openDirectory(path)
}

func (d *directory) close() { unix.Close(d.fd) }

// explain tells what stands where the directory should be.
func explain(path string, err error) error {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		if int(st.Uid) != os.Geteuid() {
			return judge(path, &st)
		}
		return &fs.PathError{Op: "open", Path: path, Err: err}
	case unix.S_IFLNK:
		return fmt.Errorf("%s is a symbolic link of user %d, but the registry of runs must be a directory: remove it", text.Name(path), st.Uid)
	default:
		return fmt.Errorf("%s is a file of user %d, but the registry of runs must be a directory: remove it", text.Name(path), st.Uid)
	}
}

// judge refuses a directory that others can change.
func judge(path string, st *unix.Stat_t) error {
	if !unsound(st) {
		return nil
	}
	if uid := os.Geteuid(); int(st.Uid) != uid {
		return fmt.Errorf("%s, the registry of runs, belongs to user %d and not to you, user %d: ask for its removal, or set XDG_RUNTIME_DIR to a directory of your own",
			text.Name(path), st.Uid, uid)
	}
	return fmt.Errorf("%s, the registry of runs, is yours (user %d), but others may write to it (mode %03o): check what is in it, then run chmod 700 %s",
		text.Name(path), st.Uid, st.Mode&0o777, text.Name(path))
}

// names returns the names of the files in the directory.
func (d *directory) names() ([]string, error) {
	fd, err := unix.Openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: d.path, Err: err}
	}
	f := os.NewFile(uintptr(fd), d.path)
	defer f.Close()
	return f.Readdirnames(-1)
}

// create makes a file that did not exist.
func (d *directory) create(name string) (*os.File, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	return d.file(fd, name, err)
}

// open opens a file for reading, without waiting if it is something else than a file.
func (d *directory) open(name string) (*os.File, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	return d.file(fd, name, err)
}

func (d *directory) file(fd int, name string, err error) (*os.File, error) {
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: d.join(name), Err: err}
	}
	return os.NewFile(uintptr(fd), d.join(name)), nil
}

func (d *directory) join(name string) string { return filepath.Join(d.path, name) }

func (d *directory) remove(name string) error {
	if err := unix.Unlinkat(d.fd, name, 0); err != nil && err != unix.ENOENT {
		return &fs.PathError{Op: "remove", Path: d.join(name), Err: err}
	}
	return nil
}

// holds reports whether f is the file of that name.
func (d *directory) holds(name string, f *os.File) bool {
	var now, then unix.Stat_t
	return unix.Fstatat(d.fd, name, &now, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		unix.Fstat(int(f.Fd()), &then) == nil && now.Dev == then.Dev && now.Ino == then.Ino
}

// lock locks a file, and fails with EWOULDBLOCK when another has locked it and how says not to wait.
func lock(f *os.File, how int) error {
	for {
		switch err := unix.Flock(int(f.Fd()), how); err {
		case unix.EINTR:
		case nil, unix.EWOULDBLOCK:
			return err
		default:
			return os.NewSyscallError("flock", err)
		}
	}
}
