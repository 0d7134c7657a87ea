package sink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"fanout/internal/job"
	"fanout/internal/record"
)

// TakeBack has the directories of jobs whose numbers are among these, and that these programs
// have answered, say that the jobs are lost. They are read for that, since their numbers would
// take memory in each run.
func (r *Results) TakeBack(why map[int]error, first, last int64) error {
	if r.failed {
		return nil // those that succeeded have none
	}
	for shard := first / perShard; shard <= last/perShard; shard++ {
		dir := filepath.Join(r.dir, fmt.Sprintf("%06d", shard))
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r.wrong(err)
		}
		for _, e := range entries {
			number, err := strconv.ParseInt(e.Name(), 10, 64)
			if err != nil || number < first || number > last {
				continue
			}
			if err := takeBack(filepath.Join(dir, e.Name()), why); err != nil {
				return r.wrong(err)
			}
		}
	}
	return nil
}

// takeBack changes the record in the directory of a job.
func takeBack(dir string, why map[int]error) error {
	name := filepath.Join(dir, "meta.json")
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var meta struct {
		Program int
		OK      bool
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !meta.OK || why[meta.Program] == nil {
		return nil
	}
	// These members come after the items, which may be objects that have the same.
	const good = `,"ok":true,"outcome":"exited","exit_code":0,"signal":null`
	at := bytes.LastIndex(b, []byte(good))
	if at < 0 {
		return fmt.Errorf("%s: it is not as fanout writes it", name)
	}
	changed := fmt.Appendf(slices.Clone(b[:at]), `,"ok":false,"outcome":"%s","exit_code":null,"signal":null,"error":`, record.Outcome(job.Lost))
	changed = record.AppendString(changed, job.Status{End: job.Lost, Err: why[meta.Program]}.String())
	changed = append(changed, b[at+len(good):]...)
	making := filepath.Join(dir, unfinished+"meta.json")
	if err := os.WriteFile(making, changed, 0o666); err != nil {
		return err
	}
	return os.Rename(making, name)
}
