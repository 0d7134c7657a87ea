// Package limits tells what the system lets this process have: the time of how many CPUs,
// and how many processes. The tables that it reads are the system's own, at each call:
// nothing is kept, since who else is there comes and goes.
package limits

import (
	"fmt"
	"runtime"
)

// CPUs is how many this process may use at a time: those of its affinity, or fewer where a
// control group has a quota of their time. Part of a CPU counts as one.
func CPUs() int { return machine{}.cpus(runtime.NumCPU()) }

// Processes is a limit on how many processes there are, each thread counted as one.
type Processes struct {
	Name      string // as in "pids.max of the control group /jobs"
	Max, Used int
}

// Left is how many more there may be.
func (p Processes) Left() int { return max(0, p.Max-p.Used) }

func (p Processes) String() string {
	return fmt.Sprintf("%s allows %d processes and threads, and %d are there", p.Name, p.Max, p.Used)
}

// RoomFor says whether all limits that are known allow so many more processes and threads.
// When they do not, tightest is the one that leaves the fewest.
func RoomFor(more int) (tightest Processes, ok bool) { return machine{}.roomFor(more) }

// machine is where to look.
type machine struct {
	root string // of the file system; "" is the real one
}
