package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fanout/internal/text"
)

// Registry is the registries of this user: where runs are registered now, and where
// they are when XDG_RUNTIME_DIR is not set, as under cron.
type Registry struct{ dirs []*directory }

// Open opens what there is.
func Open() (*Registry, error) {
	r := &Registry{}
	for i, path := range possibleDirs() {
		d, err := openDirectory(path)
		switch {
		case err == nil:
			r.dirs = append(r.dirs, d)
		case i == 0 && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		default: // no run can have been registered there
		}
	}
	return r, nil
}

// Close closes it.
func (r *Registry) Close() {
	for _, d := range r.dirs {
		d.close()
	}
}

// Run is one run of the registry.
type Run struct {
	Entry
	Counts
	Live bool
}

// Runs is all runs, the oldest first. The error is about what is in the registry and
// is not an entry.
func (r *Registry) Runs() ([]Run, error) {
	var runs []Run
	found, err := r.read("")
	for _, f := range found {
		live, wrong := f.taken(unix.LOCK_SH)
		err = errors.Join(err, wrong)
		if live || f.there() {
			runs = append(runs, Run{f.Entry, f.counts(), live})
		}
		f.close()
	}
	slices.SortFunc(runs, func(a, b Run) int { return a.Started.Compare(b.Started) })
	return runs, err
}

// record is an entry that was read and is held open.
type record struct {
	Entry
	dir  *directory
	file *os.File
}

func (r *record) name() string { return r.RunID + entrySuffix }
func (r *record) close()       { r.file.Close() }
func (r *record) there() bool  { return r.dir.holds(r.name(), r.file) }

// taken says that the lock is the run's: else it is ours now. Others may have had it for
// a moment, to see the same. Where the system refuses locks, it may be the run's.
func (r *record) taken(how int) (taken bool, err error) {
	for range 5 {
		switch err = lock(r.file, how|unix.LOCK_NB); err {
		case nil:
			return false, nil
		case unix.EWOULDBLOCK:
			time.Sleep(time.Millisecond)
		default:
			return true, fmt.Errorf("whether run %s is over is not known: %w", ShortID(r.RunID), err)
		}
	}
	return true, nil
}

// counts is what the run has told last.
func (r *record) counts() (c Counts) {
	f, err := r.dir.open(r.RunID + progressSuffix)
	if err != nil {
		return c
	}
	defer f.Close()
	if text, err := readSmall(f); err == nil && json.Unmarshal(text, &c) != nil {
		return Counts{}
	}
	return c
}

// remove takes the run out of the registry. What belongs to the entry goes first:
// alone, it would be nobody's.
func (r *record) remove() error {
	return errors.Join(
		r.removeTmp(),
		r.dir.remove(r.RunID+progressSuffix+newSuffix),
		r.dir.remove(r.RunID+progressSuffix),
		r.dir.remove(r.name()+newSuffix),
		r.dir.remove(r.name()))
}

// removeTmp removes temporary files, which have a name for a moment only where the
// system needs one to make them.
func (r *record) removeTmp() (all error) {
	if r.TmpDir == "" {
		return nil
	}
	names, _ := os.ReadDir(r.TmpDir) // it may be gone
	for _, name := range names {
		if name.Type().IsRegular() && strings.HasPrefix(name.Name(), TmpName(r.RunID)) {
			all = errors.Join(all, os.Remove(filepath.Join(r.TmpDir, name.Name())))
		}
	}
	return all
}

// read reads the entries whose marks begin with id. The error is about all that are
// none.
func (r *Registry) read(id string) (found []*record, all error) {
	for _, d := range r.dirs {
		names, err := d.names()
		all = errors.Join(all, err)
		slices.Sort(names)
		for _, name := range names {
			if !strings.HasPrefix(name, id) || leftover(name) {
				continue
			}
			switch rec, err := readEntry(d, name); {
			case err == nil:
				found = append(found, rec)
			case !errors.Is(err, fs.ErrNotExist): // it ended just now
				all = errors.Join(all, fmt.Errorf("%s is not an entry of the registry, and left alone: %w", text.Name(d.join(name)), err))
			}
		}
	}
	return found, all
}

// leftover says that the name is of a file that goes with an entry, or is to become
// one.
func leftover(name string) bool {
	mark, suffix, _ := strings.Cut(name, ".")
	suffix = "." + suffix
	return isRunID(mark) && (suffix == progressSuffix || suffix == progressSuffix+newSuffix || suffix == entrySuffix+newSuffix)
}

func readEntry(d *directory, name string) (*record, error) {
	mark, isEntry := strings.CutSuffix(name, entrySuffix)
	if !isEntry || !isRunID(mark) {
		return nil, errors.New("its name is not that of one")
	}
	f, err := d.open(name)
	if errors.Is(err, unix.ELOOP) {
		return nil, errors.New("it is a symbolic link")
	}
	if err != nil {
		return nil, err
	}
	rec := &record{dir: d, file: f}
	text, err := readSmall(f)
	if err == nil {
		err = rec.decode(text, mark)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return rec, nil
}

// readSmall reads a file that is ours and not larger than any that we write.
func readSmall(f *os.File) ([]byte, error) {
	const most = 64 << 10
	var st unix.Stat_t
	switch err := unix.Fstat(int(f.Fd()), &st); {
	case err != nil:
		return nil, err
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, errors.New("it is not a file")
	case int(st.Uid) != os.Geteuid():
		return nil, fmt.Errorf("it belongs to user %d", st.Uid)
	case st.Size > most:
		return nil, errors.New("it is too large")
	}
	return io.ReadAll(io.LimitReader(f, most))
}

func (r *record) decode(text []byte, mark string) error {
	if err := json.Unmarshal(text, &r.Entry); err != nil {
		return fmt.Errorf("it is not JSON as it should be: %w", err)
	}
	switch {
	case r.Version != version:
		return fmt.Errorf("its version is %d, where this program knows %d", r.Version, version)
	case r.RunID != mark:
		return errors.New("the mark in it is not that of its name")
	case r.PID <= 0:
		return errors.New("it names no process")
	}
	return nil
}
