package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fanout/internal/plan"
	"fanout/internal/remote"
	"fanout/internal/text"

	"github.com/google/shlex"
	"github.com/spf13/pflag"
)

// remoteFlags say on which machines jobs run, if not on this one.
type remoteFlags struct {
	workers *workerFlags

	backend    string
	hosts      []string
	hostsFile  string
	sshCommand string
	remoteDir  string
	slurmArgs  []string
	perNode    int
	ray        rayFlags
	beat       duration
	atMostOnce bool
}

// auto is the backend that the environment decides on.
const auto = "auto"

// chosen returns the backend, and the reason if --backend auto found it.
func (f *remoteFlags) chosen() (b remote.Kind, why string) {
	switch {
	case f.backend != auto:
		return remote.Kind(f.backend), ""
	case os.Getenv("RAY_ADDRESS") != "":
		return remote.RayKind, "RAY_ADDRESS is set"
	case os.Getenv("SLURM_JOB_ID") != "":
		return remote.SlurmKind, "this is inside the allocation " + os.Getenv("SLURM_JOB_ID")
	default:
		return remote.Local, "there is neither RAY_ADDRESS nor an allocation of Slurm"
	}
}

func (*remoteFlags) name() string { return "Other machines" }

func (f *remoteFlags) register(set *pflag.FlagSet) {
	set.Var(oneOf(&f.backend, string(remote.Local), string(remote.SSHKind), string(remote.SlurmKind), string(remote.RayKind), auto), "backend", "run jobs on `BACKEND` local (default), ssh, slurm or ray; auto picks one")
	set.StringArrayVar(&f.hosts, "hosts", nil, "run jobs on `HOSTS`, 8 and 4 at a time for n1:8,me@n2:4 (repeatable)")
	set.StringVar(&f.hostsFile, "hosts-file", "", "read hosts from `FILE`, and again when it changes")
	set.StringVar(&f.sshCommand, "ssh-command", "ssh", "reach hosts by `CMD`, such as 'ssh -p 2222' (default ssh)")
	set.StringArrayVar(&f.slurmArgs, "slurm-args", nil, "pass `ARGS` to srun, such as '-p long --mem=4G' (repeatable)")
	set.Var(valueOf(&f.perNode, "1", wholeFrom(1)), "workers-per-node", "start `N` workers on each node of a Slurm allocation")
	f.ray.register(set)
	set.StringVar(&f.remoteDir, "remote-dir", "", "run remote jobs in `DIR` (default: named as here; none: where they start)")
	f.beat = duration(5 * time.Second)
	set.Var(&f.beat, "heartbeat", "check workers every `D`; give up one after six missed replies (default 5s)")
	set.BoolVar(&f.atMostOnce, "at-most-once", false, "never rerun a remote job that may have begun")
}

func (f *remoteFlags) apply(p *plan.Plan, given *pflag.FlagSet) (err error) {
	backend, why := f.chosen()
	if why != "" {
		p.Remote.Chosen = fmt.Sprintf("--backend auto: %s, because %s", backend, why)
	}
	if backend == remote.Local {
		return nil
	}
	p.Mode = plan.Process
	p.Remote.Kind = backend
	p.Remote.AtMostOnce = f.atMostOnce
	p.Schedule.AtMostOnce = f.atMostOnce
	const shortest = 100 * time.Millisecond
	if p.Remote.Beat = time.Duration(f.beat); p.Remote.Beat < shortest {
		return fmt.Errorf("--heartbeat %s: give at least %v", &f.beat, shortest)
	}
	switch {
	case !given.Changed("remote-dir"):
		p.Remote.Dir = remote.SameDir
	case f.remoteDir == "none":
	case !filepath.IsAbs(f.remoteDir):
		return fmt.Errorf("--remote-dir %s: give an absolute path, or none", text.Name(f.remoteDir))
	default:
		p.Remote.Dir = filepath.Clean(f.remoteDir)
	}
	if p.Program, err = ownProgram(); err != nil {
		return err
	}
	switch backend {
	case remote.SlurmKind:
		return f.applySlurm(p)
	case remote.RayKind:
		return f.ray.apply(p, f.workers, given)
	default:
		return f.applySSH(p, given)
	}
}

// applySlurm sets up workers under srun: in the allocation that fanout runs in, or with an allocation for each worker.
func (f *remoteFlags) applySlurm(p *plan.Plan) error {
	s, w := &p.Remote.Slurm, f.workers
	for _, given := range f.slurmArgs {
		args, err := shlex.Split(given)
		if err != nil {
			return fmt.Errorf("--slurm-args %q: %w", given, err)
		}
		for _, arg := range args {
			if name, _, _ := strings.Cut(arg, "="); slices.Contains(ofStreams(), name) {
				return fmt.Errorf("--slurm-args %q: leave out %s: the input and output of srun are the connection to the worker", given, name)
			}
		}
		s.Args = append(s.Args, args...)
	}
	s.PerNode = f.perNode
	s.AllocationOf(os.Getenv)
	if w.threadsGiven {
		s.Threads = p.Threads
	}
	switch {
	case ofCPUs(w.workers):
		return fmt.Errorf("-j %s: --backend slurm needs the number of workers, as in -j 64", text.Name(w.workers))
	case w.workers != "":
		s.Workers = p.Schedule.Slots
	case s.Job == "":
		return errors.New("--backend slurm needs -j N outside an allocation: the number of workers to ask for, each with --threads T CPUs")
	}
	return nil
}

// ofStreams lists the options of srun that change its input or output.
func ofStreams() []string {
	return []string{"-i", "--input", "-o", "--output", "-e", "--error", "-l", "--label", "--pty", "--multi-prog"}
}

// applySSH sets up workers on hosts that the ssh client reaches.
func (f *remoteFlags) applySSH(p *plan.Plan, given *pflag.FlagSet) (err error) {
	ssh := &p.Remote.SSH
	if ssh.Command, err = shlex.Split(f.sshCommand); err != nil || len(ssh.Command) == 0 {
		return fmt.Errorf("--ssh-command %q: give an ssh client and its options, as in 'ssh -p 2222'", f.sshCommand)
	}
	w := f.workers
	switch {
	case w.threads != 1:
		return errors.New("--threads and --backend ssh exclude each other: give the number of jobs of each host, as in --hosts n1:8")
	case ofCPUs(w.workers):
		return fmt.Errorf("-j %s: the CPUs of hosts are not known here: give a number, or the number of jobs of each host, as in --hosts n1:8", text.Name(w.workers))
	case w.workers != "":
		ssh.Slots = p.Schedule.Slots
	}
	switch {
	case given.Changed("hosts"):
		if ssh.Hosts, err = remote.ParseHosts(strings.Join(f.hosts, ","), ssh.Slots); err != nil {
			return fmt.Errorf("--hosts: %w", err)
		}
	default:
		ssh.File = f.hostsFile
		if ssh.Hosts, err = remote.ReadHosts(f.hostsFile, ssh.Slots); err != nil {
			var path *fs.PathError
			if errors.As(err, &path) {
				return fmt.Errorf("--hosts-file %s: %w", text.Name(f.hostsFile), path.Err)
			}
			return fmt.Errorf("--hosts-file: %w", err)
		}
		if len(ssh.Hosts) == 0 {
			return fmt.Errorf("--hosts-file %s: it names no host: write one in each line, as in n1:8", text.Name(f.hostsFile))
		}
	}
	return nil
}
