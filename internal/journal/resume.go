package journal

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"fanout/internal/job"
)

// Journal is the journal of a run: what it held before, and what is added.
type Journal struct {
	*Writer  // nil when nothing is to be added
	spec     Spec
	index    *index // nil: every item is run
	last     int64
	programs int
	notes    []string
	skipped  atomic.Int64
	changed  int64
}

// Open opens the journal, reads what it holds if this run goes on from there, and begins
// to write.
func Open(spec Spec) (*Journal, error) {
	if spec.Failed {
		if _, err := os.Stat(spec.Path); err != nil {
			return nil, wrong(spec.Path, err)
		}
	}
	f, err := open(spec.Path)
	if err != nil {
		return nil, err
	}
	j := &Journal{spec: spec}
	if err := j.begin(f); err != nil {
		f.f.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) begin(f *file) error {
	resumes := j.spec.Resume || j.spec.Failed
	if f.size > 0 && !resumes {
		return wrong(f.path, errors.New("it holds another run already: go on with that (--resume), or name another journal"))
	}
	torn, err := f.cut()
	if err != nil {
		return wrong(f.path, err)
	}
	if torn > 0 {
		j.notes = append(j.notes, fmt.Sprintf("journal %s: its last line was torn, %d bytes, and has been cut off", f.path, torn))
	}
	if resumes {
		if err := j.load(io.NewSectionReader(f.f, 0, f.size)); err != nil {
			return wrong(f.path, err)
		}
	}
	j.Writer, err = newWriter(f, j.spec)
	return err
}

// Peek reads the journal as Open does, and changes nothing.
func Peek(spec Spec) (*Journal, error) {
	j := &Journal{spec: spec}
	if !spec.Resume && !spec.Failed {
		return j, nil
	}
	f, err := os.Open(spec.Path)
	if errors.Is(err, os.ErrNotExist) && !spec.Failed {
		return j, nil
	}
	if err != nil {
		return nil, wrong(spec.Path, err)
	}
	defer f.Close()
	if err := j.load(f); err != nil {
		return nil, wrong(spec.Path, err)
	}
	return j, nil
}

func (j *Journal) load(r io.ReadSeeker) error {
	rd := &reader{index: newIndex()}
	if err := rd.read(r); err != nil {
		return err
	}
	if len(rd.taken) > 0 { // once more, now that it is known what of it does not count
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return err
		}
		rd = &reader{index: newIndex(), taken: rd.taken}
		if err := rd.read(r); err != nil {
			return err
		}
	}
	if rd.headers > 0 && rd.template != j.spec.Header.Template && !j.spec.Force {
		return errors.New("it is of another command, or of another input format: what that has done says nothing about this one; use the same, name another journal, or insist with --force")
	}
	j.index, j.last, j.programs = rd.index, rd.last, rd.programs
	return nil
}

// Last is the greatest number of a job in the journal.
func (j *Journal) Last() int64 { return j.last }

// Programs is the greatest number of a persistent program in the journal.
func (j *Journal) Programs() int { return j.programs }

// Notes are for the user.
func (j *Journal) Notes() []string { return j.notes }

// Skipped is how many items were left out, and Changed how many were run since they are
// not what the journal has in their places.
func (j *Journal) Skipped() int64 { return j.skipped.Load() }
func (j *Journal) Changed() int64 { return j.changed }

// Items leaves out those that are not to be run. Warn is called with the first that have
// changed.
func (j *Journal) Items(items iter.Seq2[job.Item, error], warn func(string)) iter.Seq2[job.Item, error] {
	if j.index == nil {
		return items
	}
	return func(yield func(job.Item, error) bool) {
		for it, err := range items {
			if err == nil && !j.wants(it, warn) {
				j.skipped.Add(1)
				continue
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

func (j *Journal) wants(it job.Item, warn func(string)) bool {
	st, changed := j.index.look(it)
	wanted := st != done || changed
	if j.spec.Failed {
		wanted = st == failed
	}
	if changed {
		j.changed++
		const told = 3
		switch {
		case j.changed > told:
		case wanted:
			warn(place(it) + " is not what it was when the journal was written: it is run")
		default:
			warn(place(it) + " is not what it was when the journal was written, and did not fail then: it is left out")
		}
	}
	return wanted
}
