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

// Registry is the directories where this user's runs are entered: the one that runs use now, and the one that they use
// when XDG_RUNTIME_DIR is not set, as under cron.
type Registry struct{ dirs []*directory }

// Open opens the directories that exist.
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

// Close closes the directories.
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

// Runs returns all runs, the oldest first. The error names the files of the registry that are no entries.
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

// Of returns the run that has this guardian.
func (r *Registry) Of(g Guardian) (run Run, ok bool) {
	runs, _ := r.Runs() // what is no entry is none of this run
	if i := slices.IndexFunc(runs, func(run Run) bool { return g.Guards(&run.Entry) }); i >= 0 {
		return runs[i], true
	}
	return run, false
}

// openEntry is an entry that was read and is held open.
type openEntry struct {
	Entry
	dir  *directory
	file *os.File
}

func (e *openEntry) name() string { return e.RunID + entrySuffix }
func (e *openEntry) close()       { e.file.Close() }
func (e *openEntry) there() bool  { return e.dir.holds(e.name(), e.file) }

// taken reports whether the run holds the lock: if not, we hold it now. Others may have held it for a moment, to find
// out the same. Where the system refuses locks, the run may hold it.
func (e *openEntry) taken(how int) (taken bool, err error) {
	for range 5 {
		switch err = lock(e.file, how|unix.LOCK_NB); err {
		case nil:
			return false, nil
		case unix.EWOULDBLOCK:
			time.Sleep(time.Millisecond)
		default:
			return true, fmt.Errorf("cannot tell whether run %s is over: %w", ShortID(e.RunID), err)
		}
	}
	return true, nil
}

// counts returns the counts that the run has written last.
func (e *openEntry) counts() (c Counts) {
	f, err := e.dir.open(e.RunID + progressSuffix)
	if err != nil {
		return c
	}
	defer f.Close()
	if text, err := readSmall(f); err == nil && json.Unmarshal(text, &c) != nil {
		return Counts{}
	}
	return c
}

// remove removes the run from the registry. The files that belong to the entry go first: without it, nobody would find
// them.
func (e *openEntry) remove() error {
	return errors.Join(
		e.removeTmp(),
		e.dir.remove(e.RunID+progressSuffix+newSuffix),
		e.dir.remove(e.RunID+progressSuffix),
		e.dir.remove(e.name()+newSuffix),
		e.dir.remove(e.name()))
}

// removeTmp removes temporary files, which have a name only for a moment where the system needs one to make them.
func (e *openEntry) removeTmp() (all error) {
	if e.TmpDir == "" {
		return nil
	}
	names, _ := os.ReadDir(e.TmpDir) // it may be gone
	for _, name := range names {
		if name.Type().IsRegular() && strings.HasPrefix(name.Name(), TmpName(e.RunID)) {
			all = errors.Join(all, os.Remove(filepath.Join(e.TmpDir, name.Name())))
		}
	}
	return all
}

// read reads the entries whose run IDs begin with id. The error names the files that are no entries.
func (r *Registry) read(id string) (found []*openEntry, all error) {
	for _, d := range r.dirs {
		names, err := d.names()
		all = errors.Join(all, err)
		slices.Sort(names)
		for _, name := range names {
			if !strings.HasPrefix(name, id) || belongsToEntry(name) {
				continue
			}
			switch e, err := readEntry(d, name); {
			case err == nil:
				found = append(found, e)
			case !errors.Is(err, fs.ErrNotExist): // the run has ended just now
				all = errors.Join(all, fmt.Errorf("%s is not an entry of the registry and is left alone: %w", text.Name(d.join(name)), err))
			}
		}
	}
	return found, all
}

// belongsToEntry reports whether the name is of a file that belongs to an entry, or that is about to become one.
func belongsToEntry(name string) bool {
	runID, suffix, _ := strings.Cut(name, ".")
	suffix = "." + suffix
	return isRunID(runID) && (suffix == progressSuffix || suffix == progressSuffix+newSuffix || suffix == entrySuffix+newSuffix)
}

func readEntry(d *directory, name string) (*openEntry, error) {
	runID, isEntry := strings.CutSuffix(name, entrySuffix)
	if !isEntry || !isRunID(runID) {
		return nil, errors.New("its name is not that of an entry")
	}
	f, err := d.open(name)
	if errors.Is(err, unix.ELOOP) {
		return nil, errors.New("it is a symbolic link")
	}
	if err != nil {
		return nil, err
	}
	e := &openEntry{dir: d, file: f}
	text, err := readSmall(f)
	if err == nil {
		err = e.decode(text, runID)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return e, nil
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

func (e *openEntry) decode(text []byte, runID string) error {
	if err := json.Unmarshal(text, &e.Entry); err != nil {
		return fmt.Errorf("it is not valid JSON: %w", err)
	}
	switch {
	case e.Version != version:
		return fmt.Errorf("its version is %d; this program knows %d", e.Version, version)
	case e.RunID != runID:
		return errors.New("its run ID differs from its name")
	case e.PID <= 0:
		return errors.New("it names no process")
	}
	return nil
}
