package process

import "fmt"

// Lack is something that the system does not have, or does not let us use, and that one of fanout's promises depends
// on.
type Lack struct {
	Of  Capability
	Err error // how the lack showed
}

// Capability is a feature of the system that promises depend on.
type Capability uint8

// The capabilities.
const (
	Subreapers Capability = iota // a process can become the parent of orphans
	Proc                         // /proc shows processes
	Pidfds                       // descriptors of processes
	Guardians                    // a second process can watch over the runner
	Wardens                      // a third one can watch over both

	Capabilities // how many there are
)

// costs tells which promises are weaker without a capability. docs/processes.md has the same table.
var costs = map[Capability]struct{ lacking, weaker string }{
	Subreapers: {"the system refuses subreapers", "kill -9 of fanout leaves its jobs running, until fanout cleanup ends them, and a process that leaves its job's group and empties its environment survives timeouts and stops"},
	Proc:       {"/proc cannot be used", "kill -9 of fanout leaves its jobs running, where fanout cleanup does not find them, and a process that leaves its job's group survives timeouts and stops"},
	Pidfds:     {"the system refuses pidfds", "a process that has left its job's group is signalled by its number alone, which might have become another's"},
	Guardians:  {"there is no guardian", "kill -9 of fanout leaves its jobs running, until fanout cleanup ends them"},
	Wardens:    {"there is no warden", "kill -9 of fanout's whole process group leaves its jobs running, until fanout cleanup ends them"},
}

// Error tells which promises are weaker.
func (l Lack) Error() string {
	c := costs[l.Of]
	return fmt.Sprintf("%s (%v): %s", c.lacking, l.Err, c.weaker)
}

// Unwrap returns how the lack showed.
func (l Lack) Unwrap() error { return l.Err }

// Lacks returns what the system does not let this Supervisor have.
func (s *Supervisor) Lacks() []Lack { return s.lacks }

func (s *Supervisor) lack(of Capability, err error) {
	if err != nil {
		s.lacks = append(s.lacks, Lack{of, err})
	}
}
