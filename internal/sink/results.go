package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fanout/internal/job"
	"fanout/internal/record"
	"fanout/internal/text"
)

// Results keeps a directory for each job, with what it has printed and its record.
type Results struct {
	flag   string
	dir    string
	host   string
	rows   *record.Rows
	failed bool // only failed jobs are kept
	most   int64
	kept   int64
	made   map[int64]struct{} // the directories that are not in their places yet, by the job's seq
}

// ResultsSpec says what Results keeps.
type ResultsSpec struct {
	Flag   string // the flag that asked for it, for errors
	Dir    string
	Failed bool  // keep failed jobs only
	Most   int64 // how many jobs are kept at most; 0: no limit
	Again  bool  // the directory may hold what an earlier run has kept
	Host   string
	Rows   *record.Rows // nil where items are not rows
}

// unfinished is how the name of a directory or file begins until it is complete.
const unfinished = ".unfinished-"

// NewResults readies the directory. A directory that is not empty is refused, unless this run resumes an earlier one.
func NewResults(spec ResultsSpec) (*Results, error) {
	r := &Results{
		flag: spec.Flag, dir: spec.Dir, host: spec.Host, rows: spec.Rows,
		failed: spec.Failed, most: spec.Most, made: map[int64]struct{}{},
	}
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return nil, r.wrong(text.Cause(err))
	}
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, r.wrong(text.Cause(err))
	}
	if len(entries) > 0 && !spec.Again {
		const advice = "use another one or, if the run that filled it had a journal, resume it with --journal FILE --resume"
		return nil, fmt.Errorf("%s %s: the directory is not empty; %s", r.flag, text.Name(r.dir), advice)
	}
	for _, e := range entries { // begun by a run that was killed
		if strings.HasPrefix(e.Name(), unfinished) {
			if err := os.RemoveAll(filepath.Join(r.dir, e.Name())); err != nil {
				return nil, r.wrong(err)
			}
		}
	}
	return r, nil
}

func (r *Results) wrong(err error) error {
	return fmt.Errorf("%s %s: %w", r.flag, text.Name(r.dir), err)
}

// perShard is how many jobs share a folder: a folder of a million would be slow to list.
const perShard = 1000

// Keep writes the directory of a job under an unfinished name, for Put or Drop.
func (r *Results) Keep(d *job.Finished, out [2]Printed) error {
	if d.Status.Outcome == job.Stopped || r.failed && !d.Status.Failed() || r.most > 0 && r.kept >= r.most {
		return nil
	}
	r.kept++
	r.made[d.Job.Seq()] = struct{}{}
	if err := r.make(r.beside(d), d, out); err != nil {
		return r.wrong(err)
	}
	return nil
}

// beside returns where the directory of a job is before it is put into its place.
func (r *Results) beside(d *job.Finished) string {
	return filepath.Join(r.dir, unfinished+strconv.FormatInt(d.Job.Seq(), 10))
}

// take reports whether Keep has made a directory for the job, once.
func (r *Results) take(d *job.Finished) bool {
	_, made := r.made[d.Job.Seq()]
	delete(r.made, d.Job.Seq())
	return made
}

// Put moves what Keep has written into its place, when the job's outcome is sure.
func (r *Results) Put(d *job.Finished) error {
	if !r.take(d) {
		return nil
	}
	number := d.Job.Seq()
	shard := filepath.Join(r.dir, fmt.Sprintf("%06d", number/perShard))
	name := strconv.FormatInt(number, 10)
	making := r.beside(d)
	err := os.Rename(making, filepath.Join(shard, name))
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Mkdir(shard, 0o777); err == nil {
			err = os.Rename(making, filepath.Join(shard, name))
		}
	}
	if errors.Is(err, fs.ErrExist) { // the job failed in an earlier run
		if err = forget(filepath.Join(shard, name)); err == nil {
			err = os.Rename(making, filepath.Join(shard, name))
		}
	}
	if err != nil {
		return r.wrong(err)
	}
	return nil
}

// Drop removes what Keep has written of a job whose outcome is in doubt. If it cannot, the next run does.
func (r *Results) Drop(d *job.Finished) {
	if r.take(d) {
		os.RemoveAll(r.beside(d))
	}
}

// forget removes what an earlier run has kept of a job, and nothing else.
func forget(dir string) error {
	for _, name := range []string{"stdout", "stderr", "meta.json"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	err := os.Remove(dir)
	if errors.Is(err, fs.ErrExist) { // it is not empty
		return fmt.Errorf("%s: the directory holds files that fanout did not write; move them away", text.Name(dir))
	}
	return err
}

func (r *Results) make(dir string, d *job.Finished, out [2]Printed) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	for i, name := range []string{"stdout", "stderr"} {
		if err := writeFile(filepath.Join(dir, name), out[i]); err != nil {
			return err
		}
	}
	b := append(appendRecord([]byte{'{'}, d, r.host, r.rows), "}\n"...)
	return os.WriteFile(filepath.Join(dir, "meta.json"), b, 0o666)
}

func writeFile(path string, p Printed) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(copyPrinted(f, p), f.Close())
}
