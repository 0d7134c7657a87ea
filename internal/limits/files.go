package limits

import (
	"math"

	"golang.org/x/sys/unix"
)

// Files is the number of files that this process may have open. The Go runtime has raised the soft limit to
// the hard one, for this process alone: jobs get the limit that fanout was started with.
func Files() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt // no limit is known
	}
	return int(min(uint64(limit.Cur), math.MaxInt))
}
