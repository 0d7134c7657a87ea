package template

import (
	"fmt"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// Limits are the system's bounds on the arguments of one program; 0 is no bound.
type Limits struct {
	Arg   int // bytes of the longest single argument, with its NUL
	Total int // bytes of all arguments, with NULs and 8 a pointer, less the environment
}

// slotBytes is what an argument costs besides its text: a NUL and a pointer.
const slotBytes = 1 + 8

// Check reports arguments that the system would refuse, by the job's item.
func (l Limits) Check(argv []string, j job.Job) error {
	const hint = "--pipe gives items on stdin"
	total := 0
	for i, a := range argv {
		total += len(a) + slotBytes
		if l.Arg > 0 && len(a)+1 > l.Arg {
			return fmt.Errorf("item %q: argument %d is %d bytes long, the system allows %d; %s",
				words.Clip(j.Label()), i, len(a), l.Arg-1, hint)
		}
	}
	if l.Total > 0 && total > l.Total {
		return fmt.Errorf("item %q: the arguments take %d bytes, the system allows %d; a smaller --batch helps, or %s",
			words.Clip(j.Label()), total, l.Total, hint)
	}
	return nil
}
