// Package limits reads what the system lets this process have: [CPUs], open [Files], and [Processes]. It
// reads the system's own tables at each call and keeps nothing, because other processes come and go.
package limits

import (
	"fmt"
	"runtime"
)

// CPUs is the number of CPUs that this process may use at a time: those of its affinity, or fewer if a
// control group limits their time. Part of a CPU counts as one.
func CPUs() int { return machine{}.cpus(runtime.NumCPU()) }

// Processes is a limit on the number of processes. Each thread counts as one.
type Processes struct {
	Name      string // as in "pids.max of the control group /jobs"
	Max, Used int
}

// Left is the number of processes that may still start.
func (p Processes) Left() int { return max(0, p.Max-p.Used) }

func (p Processes) String() string {
	return fmt.Sprintf("%s allows %d processes and threads, and %d exist", p.Name, p.Max, p.Used)
}

// RoomFor reports whether all known limits allow so many more processes and threads. If not, tightest is the
// limit that leaves the fewest.
func RoomFor(more int) (tightest Processes, ok bool) { return machine{}.roomFor(more) }

// machine is the file system to read.
type machine struct {
	root string // "" is the real root
}
