package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// The names in the registry are a run ID and one of these.
const (
	entrySuffix    = ".json"
	progressSuffix = ".progress"
	newSuffix      = ".new" // after the others: not complete yet
)

// Registration is the entry of this process's run.
type Registration struct {
	dir   *directory
	runID string
	entry *os.File // holds the lock
	last  Counts   // that Progress has written
	wrote bool
}

// Register enters this process's run into the registry in dir, which is made if it is missing. The entry needs a run
// ID; what the system knows of the process is filled in. A guardian counts as one as long as it is our parent, or the
// parent of the warden between us.
func Register(dir string, e Entry) (*Registration, error) {
	if !isRunID(e.RunID) {
		return nil, fmt.Errorf("%q is not a run ID of %d hexadecimal digits", e.RunID, runIDLen)
	}
	complete(&e)
	text, err := encode(e)
	if err != nil {
		return nil, err
	}
	d, err := makeDirectory(dir)
	if err != nil {
		return nil, err
	}
	// A cleanup may remove the file before it is locked.
	const most = 100
	for range most {
		var f *os.File
		if f, err = publish(d, e.RunID, text); err == nil {
			return &Registration{dir: d, runID: e.RunID, entry: f}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	d.close()
	return nil, err
}

// complete fills in what the system knows.
func complete(e *Entry) {
	e.Version = version
	e.Boot = bootID()
	e.Host, _ = os.Hostname()
	e.PIDNamespace = pidNamespace()
	e.PID = os.Getpid()
	e.Start = startOf(e.PID)
	if e.Guardian != 0 {
		e.GuardianStart = startOf(e.Guardian)
		if !isAncestor(e.Guardian) {
			e.Guardian, e.GuardianStart = 0, 0
		}
	}
	if e.Started.IsZero() {
		e.Started = time.Now()
	}
	e.Command = shorten(e.Command)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// publish makes the entry under another name and renames it when it is complete and locked: nobody sees it without the
// lock.
func publish(d *directory, runID string, text []byte) (*os.File, error) {
	name := runID + entrySuffix
	f, err := d.create(name + newSuffix)
	if err != nil {
		return nil, err
	}
	if err = lock(f, unix.LOCK_EX); err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		err = d.settle(name)
	}
	err = errors.Join(err, d.remove(name+newSuffix))
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// settle gives a new file its final name. Some file systems have no links; there it is renamed, which cannot replace
// another run's file.
func (d *directory) settle(name string) error {
	err := unix.Linkat(d.fd, name+newSuffix, d.fd, name, 0)
	if sysio.Refused(err) {
		err = unix.Renameat(d.fd, name+newSuffix, d.fd, name)
	}
	if err != nil {
		return &fs.PathError{Op: "link", Path: d.join(name), Err: err}
	}
	return nil
}

// Path returns where the entry is.
func (r *Registration) Path() string { return r.dir.join(r.runID + entrySuffix) }

// Progress writes how far the run has come. Readers see the old counts or the new.
func (r *Registration) Progress(c Counts) error {
	if r.wrote && c.same(r.last) {
		return nil
	}
	text, err := encode(c)
	if err != nil {
		return err
	}
	name := r.runID + progressSuffix
	if err := r.dir.remove(name + newSuffix); err != nil {
		return err
	}
	f, err := r.dir.create(name + newSuffix)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	r.last, r.wrote = c, true
	return unix.Renameat(r.dir.fd, name+newSuffix, r.dir.fd, name)
}

// Close removes the run's entry.
func (r *Registration) Close() error {
	var err error
	if r.wrote {
		err = r.dir.remove(r.runID + progressSuffix)
	}
	err = errors.Join(err, r.dir.remove(r.runID+entrySuffix), r.entry.Close())
	r.dir.close()
	return err
}
