package journal

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"fanout/internal/job"

	"golang.org/x/sys/unix"
)

// Journal is the journal of a run: what it held before, and what is added.
type Journal struct {
	*Writer  // nil when nothing is added, or not yet
	file     *file
	spec     Spec
	index    *index // nil: every item is run
	last     int64
	mixed    bool
	programs int
	done     atomic.Int64 // items left out
	strange  atomic.Int64 // also left out
	missing  int64
}

// Open opens the journal, for this run alone, and reads what it holds if the run goes on from
// there. Nothing in it is changed before Begin.
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
	j := &Journal{spec: spec, file: f}
	if !spec.resumes() && f.size+f.torn > 0 {
		err = errors.New("it holds another run already: go on with that (--resume), or name another journal")
	} else if spec.resumes() {
		err = j.load(io.NewSectionReader(f.f, 0, f.size))
	}
	if err != nil {
		j.Abandon()
		return nil, wrong(spec.Path, err)
	}
	return j, nil
}

// Abandon ends a journal that was never begun, and leaves nothing of it.
func (j *Journal) Abandon() {
	if j.file == nil || j.Writer != nil {
		return
	}
	if j.file.made {
		os.Remove(j.file.path) // while it is locked, and empty
	}
	j.file.f.Close()
}

// Begin begins to write.
func (j *Journal) Begin() error {
	err := j.file.f.Truncate(j.file.size)
	if err != nil {
		return wrong(j.file.path, err)
	}
	j.Writer, err = newWriter(j.file, j.spec)
	return err
}

// GoesOn says that an earlier run has left something to go on from.
func (j *Journal) GoesOn() bool { return j.spec.resumes() && j.file != nil && j.file.size > 0 }

// Peek reads the journal as Open does, and changes nothing.
func Peek(spec Spec) (*Journal, error) {
	j := &Journal{spec: spec}
	if !spec.resumes() {
		return j, nil
	}
	f, err := os.OpenFile(spec.Path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) && !spec.Failed {
		return j, nil
	}
	if err != nil {
		return nil, wrong(spec.Path, err)
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && !st.Mode().IsRegular() {
		return nil, wrong(spec.Path, errIrregular)
	}
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
	same := rd.template == j.spec.Header.Template || rd.format == 1 && rd.template == j.spec.Former
	if rd.headers > 0 && !same && !j.spec.Force {
		return errors.New("it is of another command, or of another input format: what that has done says nothing about this one; use the same, name another journal, or insist with --force")
	}
	rd.index.settle()
	j.index, j.last, j.mixed, j.programs = rd.index, rd.last, rd.mixed, rd.programs
	return nil
}

// Numbers says from where on the jobs of a run are to be numbered, so that none has the number
// of one in the journal; and whether this goes for those of one item, too, which else have the
// number of their item.
func (j *Journal) Numbers() (after int64, all bool) { return j.last, j.mixed }

// Known is about how many items the journal tells of.
func (j *Journal) Known() int64 {
	if j.index == nil {
		return 0
	}
	return int64(len(j.index.pages)) * pageSize
}

// Programs is the greatest number of a persistent program in the journal.
func (j *Journal) Programs() int { return j.programs }

// Notes are for the user.
func (j *Journal) Notes() []string {
	if j.file == nil || j.file.torn == 0 {
		return nil
	}
	return []string{fmt.Sprintf("journal %s: its last line was torn, %d bytes, and has been cut off", j.file.path, j.file.torn)}
}

// LeftOut is how many items are not run, at any moment.
func (j *Journal) LeftOut() int64 { return j.done.Load() + j.strange.Load() }

// Done is how many items were left out that are done; Strange, with Failed, how many of which
// the journal does not tell; and Missing how many that it tells have failed are not in the input,
// once all of that was read.
func (j *Journal) Done() int64    { return j.done.Load() }
func (j *Journal) Strange() int64 { return j.strange.Load() }
func (j *Journal) Missing() int64 { return j.missing }

// Items leaves out those that are not to be run, and gives the others numbers: that which the
// journal knows them by, or a new one.
func (j *Journal) Items(items iter.Seq2[job.Item, error]) iter.Seq2[job.Item, error] {
	if j.index == nil {
		return items
	}
	return func(yield func(job.Item, error) bool) {
		whole := true
		for it, err := range items {
			whole = whole && err == nil
			if err == nil && !j.wants(&it) {
				continue
			}
			if !yield(it, err) {
				return
			}
		}
		if whole {
			j.missing = j.index.missing()
		}
	}
}

func (j *Journal) wants(it *job.Item) bool {
	switch st, number := j.index.take(*it); {
	case st == done:
		j.done.Add(1)
		return false
	case st == failed:
		it.Seq = number
	case j.spec.Failed:
		j.strange.Add(1)
		return false
	default:
		it.Seq = j.index.fresh(it.Seq)
	}
	return true
}
