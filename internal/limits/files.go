package limits

import (
	"math"

	"golang.org/x/sys/unix"
)

// Files is how many files this process may have open. The Go runtime has raised the soft limit
// to the hard one already, for this process alone: jobs get the limit that fanout was started with.
func Files() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt // nothing is known against it
	}
	return int(min(uint64(limit.Cur), math.MaxInt))
}
