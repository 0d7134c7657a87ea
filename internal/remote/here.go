package remote

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"fanout/internal/process"
)

// Here is what backends need of the runner's machine.
type Here struct {
	Supervisor *process.Supervisor
	Program    Program
	Environ    []string
	Run        string            // run ID
	Grace      time.Duration     // that jobs have to end
	Stderr     io.Writer         // takes the workers' own messages
	Warn       func(text string) // tells the user
}

// ids makes job IDs for workers, no two the same.
type ids struct {
	run string
	n   atomic.Int64
}

func (i *ids) next(number int) string {
	return fmt.Sprintf("%s.w%d.%d", i.run, number, i.n.Add(1))
}

// loginVariables returns the variables that a login has on a host. Slurm and Ray would give workers the whole
// environment of this machine; they get these.
func loginVariables() []string {
	return []string{"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ"}
}
