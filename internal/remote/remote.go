// Package remote starts workers on other machines, by what the user already has for that: the ssh client, Slurm or Ray,
// each of which is a [Backend]. A worker is a fanout whose standard input and output reach us through it. What runner
// and worker say to each other, and what becomes of jobs, is not a backend's business, but that of package worker.
//
// A backend differs from the others in its transport: a program that runs a shell on a host. The rest is common to all:
// the shell runs bootstrap.sh, which finds or fetches a fanout and becomes a worker; talk answers that script, and a
// link is the connection to the worker. [Session] is the use that a run makes of a backend.
package remote

import (
	"context"
	"time"

	"fanout/internal/pool"
	"fanout/internal/worker"
)

// Backend starts workers on other machines.
type Backend interface {
	// Launch starts a worker on a host.
	worker.Launcher
	// Capacity offers the hosts that there are, at once and whenever they change, until ctx is done or they change no
	// more.
	Capacity(ctx context.Context, offer func([]pool.Host)) error
	// Clean ends what the workers of a run that have died on a host have left there. For the host "" it gives back what
	// the backend itself holds for the run. It returns a line for each thing that it did.
	Clean(ctx context.Context, run, host string) ([]string, error)
}

// Spec says which backend starts the workers, and where.
type Spec struct {
	Kind       Kind
	Chosen     string        // tells the user why fanout has chosen this backend; "": the user has chosen it
	Dir        string        // where jobs run on a host; "" is where its workers start, SameDir as it says
	Beat       time.Duration // between two pings
	AtMostOnce bool          // a job that may have begun is never run again
	SSH        SSH
	Slurm      Slurm
	Ray        Ray
}

// SameDir is the Dir of jobs that run in the directory where they would run on this machine.
const SameDir = "."

// IsRemote reports whether jobs run on other machines.
func (s Spec) IsRemote() bool { return s.Kind != Local && s.Kind != "" }

// New makes the backend that spec names.
func New(spec Spec, here Here) (Backend, error) {
	switch spec.Kind {
	case SlurmKind:
		return newSlurm(spec.Slurm, here)
	case RayKind:
		return newRay(spec.Ray, here), nil
	default:
		return newSSH(spec.SSH, here)
	}
}

// Slots returns about how many jobs run at a time on all hosts, as far as the user has said.
func (s Spec) Slots() int {
	n := max(s.Slurm.Workers, s.Ray.Workers) * max(1, s.Slurm.Threads, s.Ray.Threads)
	for _, host := range s.SSH.Hosts {
		n += max(1, host.Threads)
	}
	return max(1, n)
}

// NamesHosts reports whether the names of a backend's hosts are those of machines. Slurm and Ray decide later where a
// worker runs.
func (s Spec) NamesHosts() bool { return s.Kind == SSHKind }

// HoldsJobs reports whether the backend has jobs of its own for a run, which Clean of "" ends.
func (s Spec) HoldsJobs() bool { return s.Kind == SlurmKind || s.Kind == RayKind }

// Kind is the name of a backend.
type Kind string

// The backends.
const (
	Local     Kind = "local" // workers run on this machine, without a Backend
	SSHKind   Kind = "ssh"
	SlurmKind Kind = "slurm"
	RayKind   Kind = "ray"
)
