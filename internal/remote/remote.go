// Package remote has workers run on other machines, by what the user already has for that:
// the ssh client, Slurm, Ray. A worker is a fanout whose standard input and output reach us
// through it; what they say to each other, and what becomes of jobs, is no backend's business.
package remote

import (
	"context"
	"time"

	"fanout/internal/pool"
	"fanout/internal/worker"
)

// Kind is one way to have workers elsewhere.
type Backend interface {
	// Launch starts a worker at a place.
	worker.Launcher
	// Capacity tells of the places that there are, at once and whenever they change, until
	// ctx is done or they change no more.
	Capacity(ctx context.Context, offer func([]pool.Host)) error
	// Clean ends what workers of the run have left behind at a place, all of which have
	// died; the place "" is all that the backend itself has for the run. It returns a line for
	// each thing that it did.
	Clean(ctx context.Context, run, place string) ([]string, error)
}

// Spec says which backend it is, and where.
type Spec struct {
	Kind       Kind
	Chosen     string        // what to tell the user of the choice; "": it was the user's
	Dir        string        // where jobs run at the far end; "" is where workers begin
	Beat       time.Duration // between two questions whether a worker is there
	AtMostOnce bool          // a job that may have begun is never run again
	SSH        SSH
	Slurm      Slurm
	Ray        Ray
}

// IsRemote says that jobs do not run on this machine.
func (s Spec) IsRemote() bool { return s.Kind != Local && s.Kind != "" }

// New makes the backend.
func New(spec Spec, near Here) (Backend, error) {
	switch spec.Kind {
	case SlurmKind:
		return newSlurm(spec.Slurm, near)
	case RayKind:
		return newRay(spec.Ray, near), nil
	default:
		return newSSH(spec.SSH, near)
	}
}

// NamesHosts says that places are called as hosts are.
func (s Spec) NamesHosts() bool { return s.Kind == SSHKind }

// HoldsJobs says that the backend has jobs of its own for a run, which Clean of "" ends.
func (s Spec) HoldsJobs() bool { return s.Kind == SlurmKind || s.Kind == RayKind }

// Kind is the name of a backend.
type Kind string

// The backends.
const (
	Local     Kind = "local" // none: workers of this machine
	SSHKind   Kind = "ssh"
	SlurmKind Kind = "slurm"
	RayKind   Kind = "ray"
)
