// Package engine has workers run on other machines, by what the user already has for that:
// the ssh client, Slurm, Ray. A worker is a fanout whose standard input and output reach us
// through it; what they say to each other, and what becomes of jobs, is no engine's business.
package engine

import (
	"context"
	"time"

	"fanout/internal/pool"
	"fanout/internal/worker"
)

// Engine is one way to have workers elsewhere.
type Engine interface {
	// Launch starts a worker at a place.
	worker.Launcher
	// Capacity tells of the places that there are, at once and whenever they change, until
	// ctx is done or they change no more.
	Capacity(ctx context.Context, offer func([]pool.Place)) error
	// Clean ends what workers of the run have left behind at a place, all of which have
	// died; the place "" is all that the engine itself has for the run. It returns a line for
	// each thing that it did.
	Clean(ctx context.Context, run, place string) ([]string, error)
}

// Spec says which engine it is, and where.
type Spec struct {
	Backend    Backend
	Chosen     string        // what to tell the user of the choice; "": it was the user's
	Dir        string        // where jobs run at the far end; "" is where workers begin
	Beat       time.Duration // between two questions whether a worker is there
	AtMostOnce bool          // a job that may have begun is never run again
	SSH        SSH
	Slurm      Slurm
	Ray        Ray
}

// Far says that jobs do not run on this machine.
func (s Spec) Far() bool { return s.Backend != Local && s.Backend != "" }

// New makes the engine.
func New(spec Spec, near Near) (Engine, error) {
	switch spec.Backend {
	case OnSlurm:
		return newSlurm(spec.Slurm, near)
	case OnRay:
		return newRay(spec.Ray, near), nil
	default:
		return newSSH(spec.SSH, near)
	}
}

// NamesHosts says that places are called as hosts are.
func (s Spec) NamesHosts() bool { return s.Backend == OverSSH }

// HoldsJobs says that the engine has jobs of its own for a run, which Clean of "" ends.
func (s Spec) HoldsJobs() bool { return s.Backend == OnSlurm || s.Backend == OnRay }

// Backend is the name of an engine.
type Backend string

// The engines.
const (
	Local   Backend = "local" // none: workers of this machine
	OverSSH Backend = "ssh"
	OnSlurm Backend = "slurm"
	OnRay   Backend = "ray"
)
