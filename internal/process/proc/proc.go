// Package proc reads /proc: which processes there are, how they descend from each other, and which job they belong to.
// Nothing else of fanout reads it to look at processes. A [Process] is one of them as it was seen at one moment; a
// [Handle] holds one, so that what is read and sent through it cannot reach another. On systems other than Linux no
// process can be seen.
//
// A look at one process takes some microseconds, and a look at all takes some milliseconds. Jobs that end by themselves
// need neither.
package proc

import (
	"bytes"
	"iter"
	"strings"
)

// JobIDVariable is the environment variable by which the processes of a job are found wherever they go. Its value is
// the job's ID and, when fanout itself runs within a job, the IDs of that job after a blank.
const JobIDVariable = "FANOUT_MARK"

// Process is a process as it was seen. Its PID and Start identify it for ever: a PID alone is used again.
type Process struct {
	PID, Parent, Group int
	Threads            int
	State              byte
	Start              uint64 // clock ticks since the system's start
}

// Same reports whether both are one process, whatever its parent and group are by now.
func (p Process) Same(o Process) bool { return p.PID == o.PID && p.Start == o.Start }

// Zombie reports whether the process's first thread has ended. Other threads may still run: see [Process.Ended].
func (p Process) Zombie() bool { return p.State == 'Z' || p.State == 'X' }

// Ended reports whether all threads of the process have ended, though its parent may not have reaped it.
func (p Process) Ended() bool { return p.State == 'X' || p.State == 'Z' && p.Threads <= 1 }

// JobIDsIn yields the job IDs in an environment, in which NUL ends each entry.
func JobIDsIn(environ []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for len(environ) > 0 {
			var entry []byte
			entry, environ, _ = bytes.Cut(environ, []byte{0})
			value, ok := bytes.CutPrefix(entry, []byte(JobIDVariable+"="))
			if !ok {
				continue
			}
			for id := range strings.FieldsSeq(string(value)) {
				if !yield(id) {
					return
				}
			}
		}
	}
}
