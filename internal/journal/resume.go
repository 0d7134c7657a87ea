package journal

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"fanout/internal/job"
	"fanout/internal/record"

	"golang.org/x/sys/unix"
)

// Journal is the journal of a run: what it held before, and a [Writer] for what the run adds.
type Journal struct {
	*Writer  // nil until Begin, and after Peek
	file     *file
	spec     Spec
	index    *index // nil: every item is run
	last     int64
	mixed    bool
	programs int
	done     atomic.Int64 // items left out because they are done
	strange  atomic.Int64 // items left out because the journal does not have them
	missing  int64
}

// Open opens the journal for this run alone, and reads it if this run resumes it. It changes nothing: Begin does.
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
		err = notEmpty(f)
	} else if spec.resumes() {
		err = j.load(io.NewSectionReader(f.f, 0, f.size))
	}
	if err != nil {
		j.Abandon()
		return nil, wrong(spec.Path, err)
	}
	return j, nil
}

// notEmpty returns why a run that resumes nothing cannot begin in a file that is not empty.
func notEmpty(f *file) error {
	begin := make([]byte, 64)
	if n, err := f.f.ReadAt(begin, 0); err == nil || err == io.EOF {
		if _, err := record.ReadHeader(begin[:n], true); err != nil && !errors.Is(err, record.ErrDamaged) {
			return errors.New("it is not empty, and not a journal; name another file")
		}
	}
	return errors.New("it already holds a run: continue it with --resume, or name another journal")
}

// Abandon closes a journal that was never begun, and removes it if Open made it.
func (j *Journal) Abandon() {
	if j.file == nil || j.Writer != nil {
		return
	}
	if j.file.made {
		os.Remove(j.file.path) // it is locked and empty
	}
	j.file.f.Close()
}

// Begin starts the Writer.
func (j *Journal) Begin() error {
	err := j.file.f.Truncate(j.file.size)
	if err != nil {
		return wrong(j.file.path, err)
	}
	j.Writer, err = newWriter(j.file, j.spec)
	return err
}

// GoesOn reports whether this run resumes an earlier one.
func (j *Journal) GoesOn() bool { return j.spec.resumes() && j.file != nil && j.file.size > 0 }

// Peek reads the journal as Open does, but neither makes nor locks it.
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
	if len(rd.taken) > 0 { // read it again, now that it is known which replies do not count
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
		return errors.New("it belongs to another command or input format: use that command, another journal, or --force")
	}
	rd.index.settle()
	j.index, j.last, j.mixed, j.programs = rd.index, rd.last, rd.mixed, rd.programs
	return nil
}

// Numbers returns the number after which the jobs of this run are numbered, so that none has the number of a job of the
// journal. It also says whether that holds for all jobs: otherwise a job of one item has the number of its item.
func (j *Journal) Numbers() (after int64, all bool) { return j.last, j.mixed }

// Known returns about how many items the journal has.
func (j *Journal) Known() int64 {
	if j.index == nil {
		return 0
	}
	return int64(j.index.pages.Len()) * pageSize
}

// Programs returns the greatest number of a persistent program in the journal.
func (j *Journal) Programs() int { return j.programs }

// Notes returns what the user has to know about the journal.
func (j *Journal) Notes() []string {
	if j.file == nil || j.file.torn == 0 {
		return nil
	}
	return []string{fmt.Sprintf("journal %s: its last line was not finished; its %d bytes are cut off", j.file.path, j.file.torn)}
}

// LeftOut returns how many items have been left out so far. Any goroutine may ask.
func (j *Journal) LeftOut() int64 { return j.done.Load() + j.strange.Load() }

// Done returns how many items were left out because they are done.
func (j *Journal) Done() int64 { return j.done.Load() }

// Strange returns how many items were left out because the journal does not have them, which happens with Spec.Failed.
func (j *Journal) Strange() int64 { return j.strange.Load() }

// Missing returns how many failed items of the journal the input does not have. It is known once all input is read.
func (j *Journal) Missing() int64 { return j.missing }

// Items leaves out the items that are not run again, and numbers the others: by their number in the journal, or by a new
// one.
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
