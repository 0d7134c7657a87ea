package template

import (
	"fmt"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// Limits are the system's bounds on the arguments of one program; 0 is unlimited.
type Limits struct {
	Arg   int // bytes of one argument, with its NUL
	Total int // bytes of all arguments, with a NUL and a pointer of 8 bytes each, without the environment
}

// slotBytes is the size of an argument besides its text: a NUL and a pointer.
const slotBytes = 1 + 8

// Check refuses arguments that the system would refuse, and names the job's item.
func (l Limits) Check(argv []string, j job.Job) error {
	const hint = "use --pipe to give items on standard input"
	total := 0
	for i, a := range argv {
		total += len(a) + slotBytes
		if l.Arg > 0 && len(a)+1 > l.Arg {
			return fmt.Errorf("item %q: argument %d is %d bytes long, the system allows %d; %s",
				words.Clip(j.Label()), i, len(a), l.Arg-1, hint)
		}
	}
	if l.Total > 0 && total > l.Total {
		return fmt.Errorf("item %q: the arguments take %d bytes, the system allows %d; use a smaller --batch, or %s",
			words.Clip(j.Label()), total, l.Total, hint)
	}
	return nil
}
