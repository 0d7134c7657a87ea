package sink

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"fanout/internal/job"
	"fanout/internal/record"
)

// TakeBack makes the records of jobs say that they are lost, if their seq is from first to last and one of these
// programs has replied to them. The records are read for that: to remember which jobs a program replied to would take
// memory in every run.
func (r *Results) TakeBack(why map[int]error, first, last int64) error {
	if r.failed {
		return nil // jobs that succeeded have no directory
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
	// The last one counts: before it stand the items, which may hold the same text.
	const member = `,"program":`
	from := bytes.LastIndex(b, []byte(member))
	if from < 0 {
		return nil
	}
	digits := b[from+len(member):]
	digits = digits[:max(0, bytes.IndexByte(digits, ','))]
	program, err := strconv.Atoi(string(digits))
	const good = `,"ok":true,"outcome":"exited","exit_code":0,"signal":null`
	after, ok := bytes.CutPrefix(b[from+len(member)+len(digits):], []byte(good))
	if err != nil || !ok || why[program] == nil {
		return nil
	}
	changed := append([]byte(nil), b[:from+len(member)+len(digits)]...)
	const lost = `,"ok":false,"outcome":"%s","exit_code":null,"signal":null,"error":`
	changed = fmt.Appendf(changed, lost, job.Lost)
	changed = record.AppendString(changed, job.Status{Outcome: job.Lost, Err: why[program]}.String())
	changed = append(changed, after...)
	making := filepath.Join(dir, unfinished+"meta.json")
	if err := os.WriteFile(making, changed, 0o666); err != nil {
		return err
	}
	return os.Rename(making, name)
}
