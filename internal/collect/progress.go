// The results of moving a job's bytes.

package collect

import (
	"errors"

	"golang.org/x/sys/unix"
)

// progress says how far a job's bytes have come, and so what the caller does next.
type progress uint8

const (
	done    progress = iota // all is taken: go on
	later                   // a moment has passed, and some still waits: look after the job, then settle
	dropped                 // our own output has failed, or the run is being stopped: no more is taken
)

// errDropped is the answer to output that is dropped.
var errDropped = errors.New("output dropped")

// err returns the same for process, which waits for a job's pipes and for this in one loop.
func (p progress) err() error {
	switch p {
	case later:
		return unix.EAGAIN
	case dropped:
		return errDropped
	}
	return nil
}
