package cmd

import (
	"errors"
	"fmt"
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

// remoteFlags is where jobs run that do not run on this machine.
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

// auto is the backend that is found by the environment.
const auto = "auto"

// chosen is the backend, and why it is when the user has left that to us.
func (f *remoteFlags) chosen() (b remote.Kind, why string) {
	switch {
	case f.backend != auto:
		return remote.Kind(f.backend), ""
	case os.Getenv("RAY_ADDRESS") != "":
		return remote.RayKind, "RAY_ADDRESS is set"
	case os.Getenv("SLURM_JOB_ID") != "":
		return remote.SlurmKind, "this is within the allocation " + os.Getenv("SLURM_JOB_ID")
	default:
		return remote.Local, "neither RAY_ADDRESS nor an allocation of Slurm is there"
	}
}

// isRemote says that jobs are to run on other machines.
func (f *remoteFlags) isRemote() bool {
	b, _ := f.chosen()
	return b != remote.Local
}

func (*remoteFlags) name() string { return "Other machines" }

func (f *remoteFlags) register(set *pflag.FlagSet) {
	set.Var(oneOf(&f.backend, string(remote.Local), string(remote.SSHKind), string(remote.SlurmKind), string(remote.RayKind), auto), "backend", "run jobs here (`local`), on hosts (ssh), or a cluster (slurm, ray); auto")
	set.StringArrayVar(&f.hosts, "hosts", nil, "`HOSTS`, with the jobs that each runs at a time: n1:8,me@n2:4 (repeatable)")
	set.StringVar(&f.hostsFile, "hosts-file", "", "`FILE` of hosts, read again when it changes")
	set.StringVar(&f.sshCommand, "ssh-command", "ssh", "reach hosts by `COMMAND`")
	set.StringArrayVar(&f.slurmArgs, "slurm-args", nil, "give srun `ARGS` too, such as '-p long --mem=4G' (repeatable)")
	set.Var(valueOf(&f.perNode, "1", wholeFrom(1)), "workers-per-node", "workers `N` on each node of a Slurm allocation")
	f.ray.register(set)
	set.StringVar(&f.remoteDir, "remote-dir", "", "run jobs in `DIR` there (default as here); none: where workers begin")
	f.beat = duration(5 * time.Second)
	set.Var(&f.beat, "heartbeat", "lose workers that are silent for six times `D`")
	set.BoolVar(&f.atMostOnce, "at-most-once", false, "never run again a job that may have begun")
}

// brief is for those who have not asked for other machines.
func (f *remoteFlags) brief(set *pflag.FlagSet) string {
	one := pflag.NewFlagSet("", pflag.ContinueOnError)
	one.AddFlag(set.Lookup("backend"))
	return one.FlagUsages() + "      fanout --backend ssh --help, and so on, shows the flags that are for these\n"
}

func (f *remoteFlags) apply(p *plan.Plan, given *pflag.FlagSet) (err error) {
	backend, why := f.chosen()
	if why != "" {
		p.Remote.Chosen = fmt.Sprintf("--backend auto: %s, since %s", backend, why)
	}
	given.VisitAll(func(flag *pflag.Flag) {
		for _, other := range []struct {
			backend remote.Kind
			only    bool // its own, and no other's
			flags   []string
		}{
			{remote.SSHKind, true, []string{"hosts", "hosts-file", "ssh-command"}},
			{remote.SlurmKind, true, []string{"slurm-args", "workers-per-node"}},
			{remote.RayKind, true, f.ray.names()},
			{remote.SSHKind, false, []string{"remote-dir", "heartbeat", "at-most-once"}},
		} {
			if flag.Changed && slices.Contains(other.flags, flag.Name) && (backend == remote.Local || other.only && backend != other.backend) {
				err = fmt.Errorf("--%s is for jobs on other machines: add --backend %s", flag.Name, other.backend)
			}
		}
	})
	if err != nil || backend == remote.Local {
		return err
	}
	if err := f.checkWorkers(); err != nil {
		return err
	}
	p.Mode = plan.Process
	p.Remote.Kind = backend
	p.Remote.AtMostOnce = f.atMostOnce
	p.Schedule.AtMostOnce = f.atMostOnce
	const shortest = 100 * time.Millisecond
	if p.Remote.Beat = time.Duration(f.beat); p.Remote.Beat < shortest {
		return fmt.Errorf("--heartbeat %s: it is %v at least", &f.beat, shortest)
	}
	switch {
	case !given.Changed("remote-dir"):
		p.Remote.Dir = remote.SameDir
	case f.remoteDir == "none":
	case !filepath.IsAbs(f.remoteDir):
		return fmt.Errorf("--remote-dir %s: give a path that begins with a slash, or none", text.Name(f.remoteDir))
	default:
		p.Remote.Dir = filepath.Clean(f.remoteDir)
	}
	if p.Program, err = ownProgram(); err != nil {
		return err
	}
	switch backend {
	case remote.SlurmKind:
		return f.applySlurm(p, given)
	case remote.RayKind:
		return f.ray.apply(p, f.workers, given)
	default:
		return f.applySSH(p, given)
	}
}

// applySlurm is for workers under srun: those of an allocation that we are in, or with one
// each of their own.
func (f *remoteFlags) applySlurm(p *plan.Plan, given *pflag.FlagSet) (err error) {
	s, w := &p.Remote.Slurm, f.workers
	for _, given := range f.slurmArgs {
		args, err := shlex.Split(given)
		if err != nil {
			return fmt.Errorf("--slurm-args %q: %w", given, err)
		}
		for _, arg := range args {
			if name, _, _ := strings.Cut(arg, "="); slices.Contains(ofStreams(), name) {
				return fmt.Errorf("--slurm-args %q: what srun reads and writes is the connection to the worker: leave %s out", given, name)
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
		return fmt.Errorf("-j %s: say how many workers there are to be, as in -j 64", text.Name(w.workers))
	case w.workers != "" && given.Changed("workers-per-node"):
		return errors.New("-j and --workers-per-node exclude each other: leave out -j for workers on all nodes of the allocation")
	case w.workers != "":
		s.Workers = p.Schedule.Workers
	case s.Job == "":
		return errors.New("--backend slurm needs -j N outside of an allocation: so many workers are asked for, each with --threads T CPUs")
	}
	return nil
}

// ofStreams is the options of srun that have its input or output be something else.
func ofStreams() []string {
	return []string{"-i", "--input", "-o", "--output", "-e", "--error", "-l", "--label", "--pty", "--multi-prog"}
}

// checkWorkers refuses what is for workers of this machine.
func (f *remoteFlags) checkWorkers() error {
	w := f.workers
	switch {
	case w.mode == "thread" && w.modeGiven:
		return errors.New("--mode thread and --backend exclude each other: leave out --mode, since jobs on other machines run in worker processes")
	case w.persistent:
		return errors.New("--persistent is for this machine: leave out --backend, or start the program in COMMAND")
	case len(w.cpus) > 0:
		return errors.New("--cpu-affinity is for this machine: say taskset in COMMAND")
	}
	return nil
}

func (f *remoteFlags) applySSH(p *plan.Plan, given *pflag.FlagSet) (err error) {
	ssh := &p.Remote.SSH
	if ssh.Command, err = shlex.Split(f.sshCommand); err != nil || len(ssh.Command) == 0 {
		return fmt.Errorf("--ssh-command %q: give the ssh client and its options, as in 'ssh -p 2222'", f.sshCommand)
	}
	w := f.workers
	switch {
	case w.threads != 1:
		return errors.New("--threads is for workers of one machine: say how many jobs each host runs, as in --hosts n1:8")
	case ofCPUs(w.workers):
		return fmt.Errorf("-j %s: what hosts have is not known: say a number, or how many jobs each runs, as in --hosts n1:8", text.Name(w.workers))
	case w.workers != "":
		ssh.Slots = p.Schedule.Workers
	}
	switch {
	case given.Changed("hosts") && given.Changed("hosts-file"):
		return errors.New("--hosts and --hosts-file exclude each other: write all hosts into the file")
	case given.Changed("hosts"):
		if ssh.Hosts, err = remote.ParseHosts(strings.Join(f.hosts, ","), ssh.Slots); err != nil {
			return fmt.Errorf("--hosts: %w", err)
		}
	case given.Changed("hosts-file"):
		ssh.File = f.hostsFile
		if ssh.Hosts, err = remote.ReadHosts(f.hostsFile, ssh.Slots); err != nil {
			return fmt.Errorf("--hosts-file: %w", err)
		}
		if len(ssh.Hosts) == 0 {
			return fmt.Errorf("--hosts-file %s: there is no host in it; write one in a line, as in n1:8", text.Name(f.hostsFile))
		}
	default:
		return errors.New("--backend ssh needs hosts: --hosts n1:8,n2:8, or --hosts-file FILE")
	}
	return nil
}
