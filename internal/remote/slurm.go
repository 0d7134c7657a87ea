package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// Slurm says what workers get of a cluster.
type Slurm struct {
	Args    []string // more for srun
	Workers int      // how many there are; 0: as many for each node of the allocation as PerNode says
	PerNode int      // at least 1
	Threads int      // jobs at a time of each; 0: the node's CPUs, shared by its workers
	Job     string   // the allocation that we are in; "": each worker has one of its own
	Nodes   string   // of it, as Slurm writes lists
	CPUs    string   // of these, as Slurm writes them
}

// AllocationOf finds the allocation that a process with this environment is in.
func (s *Slurm) AllocationOf(getenv func(string) string) {
	s.Job, s.Nodes, s.CPUs = getenv("SLURM_JOB_ID"), getenv("SLURM_JOB_NODELIST"), getenv("SLURM_JOB_CPUS_PER_NODE")
}

type slurm struct {
	spec    Slurm
	here    Here
	path    string // of srun
	ids     ids
	threads map[string]int // by place

	launched atomic.Bool
	held     atomic.Int64 // how many of those that were launched may have something of Slurm's
}

func newSlurm(spec Slurm, near Here) (Backend, error) {
	path, err := process.LookPath("srun", process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("srun: %w: Slurm's commands have to be on PATH", err)
	}
	return &slurm{spec: spec, here: near, path: path, ids: ids{run: near.Run}, threads: map[string]int{}}, nil
}

// jobName is what all of a run are called in Slurm.
func jobName(run string) string { return "fanout-" + run }

// Capacity is part of Backend.
func (e *slurm) Capacity(ctx context.Context, offer func([]pool.Host)) error {
	places, err := e.hosts(ctx)
	if err != nil {
		return err
	}
	for _, pl := range places {
		e.threads[pl.Name] = pl.Threads
	}
	offer(places)
	return nil
}

// hostNames is the nodes of the allocation or, without one, a place for each worker: which node
// that will be is Slurm's to decide, and one that is lost says nothing of the others.
func (e *slurm) hosts(ctx context.Context) (places []pool.Host, err error) {
	if e.spec.Job == "" {
		for n := range e.spec.Workers {
			places = append(places, pool.Host{Name: fmt.Sprintf("Slurm worker %d", n+1), Workers: 1, Threads: max(1, e.spec.Threads)})
		}
		return places, nil
	}
	if e.spec.Nodes == "" {
		return nil, fmt.Errorf("SLURM_JOB_ID is %s, but SLURM_JOB_NODELIST is not there: set both, as an allocation does, or none for allocations of our own", text.Name(e.spec.Job))
	}
	nodes, err := e.run(ctx, "scontrol", "show", "hostnames", e.spec.Nodes)
	if err != nil {
		return nil, err
	}
	cpus, err := parseCPUs(e.spec.CPUs)
	if err != nil {
		return nil, err
	}
	return spread(e.spec, nodes, cpus), nil
}

// spread gives each node its workers.
func spread(s Slurm, nodes []string, cpus []int) (places []pool.Host) {
	left := s.Workers
	for i, node := range nodes {
		pl := pool.Host{Name: node, Workers: s.PerNode, Threads: s.Threads}
		if s.Workers > 0 {
			pl.Workers = (left + len(nodes) - i - 1) / (len(nodes) - i)
			left -= pl.Workers
			pl.Threads = max(1, s.Threads)
		}
		if pl.Threads == 0 {
			pl.Threads = 1
			if i < len(cpus) {
				pl.Threads = max(1, cpus[i]/pl.Workers)
			}
		}
		if pl.Workers > 0 {
			places = append(places, pl)
		}
	}
	return places
}

// parseCPUs reads 4(x2),8, which is 4, 4 and 8.
func parseCPUs(list string) (all []int, err error) {
	for _, part := range strings.Split(list, ",") {
		if part == "" {
			continue
		}
		number, times, repeated := strings.Cut(strings.TrimSuffix(part, ")"), "(x")
		n, err := strconv.Atoi(number)
		k := 1
		if err == nil && repeated {
			k, err = strconv.Atoi(times)
		}
		if err != nil || n < 1 || k < 1 {
			return nil, fmt.Errorf("SLURM_JOB_CPUS_PER_NODE is %q, which is no list of numbers of CPUs", list)
		}
		all = append(all, slices.Repeat([]int{n}, k)...)
	}
	return all, nil
}

// Launch is part of worker.Launcher. It waits for as long as Slurm does.
func (e *slurm) Launch(ctx context.Context, number int, place string) (worker.Link, error) {
	e.launched.Store(true)
	e.held.Add(1)
	s, err := e.to(place).connect(ctx, e.here, place, e.ids.next(number), "--far")
	if err != nil {
		var hopeless *pool.HopelessError
		if ctx.Err() == nil || errors.As(err, &hopeless) { // srun has ended by itself, and given back what it had
			e.held.Add(-1)
		}
		return nil, err
	}
	return &link{shell: s}, nil
}

// to is the way to a worker.
func (e *slurm) to(place string) transport {
	argv := []string{
		"srun", "--job-name=" + jobName(e.here.Run), "--nodes=1", "--ntasks=1", "--unbuffered", "--chdir=/",
		"--cpus-per-task=" + strconv.Itoa(max(1, e.threads[place])), "--export=" + strings.Join(exported(e.here.Environ), ","),
	}
	after := "[ $c = 0 ] || { " + cleanHere(e.here.Run) + `; scancel "$SLURM_JOB_ID" 2>/dev/null; }; `
	if e.spec.Job != "" {
		argv = append(argv, "--jobid="+e.spec.Job, "--nodelist="+place, "--overlap")
		after = ""
	}
	near := e.here
	near.Environ = slices.DeleteFunc(slices.Clone(near.Environ), setsStreams)
	srun := command{
		here: near, path: e.path, argv: append(argv, e.spec.Args...),
		words: func(script string) []string { return []string{"/bin/sh", "-c", script} },
	}
	return transport{
		begin: srun.begin, gently: true, linger: e.here.Grace + 2*time.Second, sane: endedItself, hopeless: refusedBySlurm, after: after,
		own: "srun: ", notice: " queued and waiting for resources",
	}
}

// ofLogin is the variables that workers see where they would have the whole environment: what
// a login has there.
func ofLogin() []string { return []string{"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ"} }

// exported is those of them that srun hands on.
func exported(environ []string) (names []string) {
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(ofLogin(), name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{"NONE"}
	}
	return names
}

// setsStreams says that a variable has srun do something else with what a worker reads and
// writes than pass it on, or run something beside it.
func setsStreams(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	return slices.Contains([]string{
		"SLURM_STDINMODE", "SLURM_STDOUTMODE", "SLURM_STDERRMODE", "SLURM_LABELIO", "SLURM_PROLOG", "SLURM_EPILOG",
		"SLURM_TASK_PROLOG", "SLURM_TASK_EPILOG", "SLURM_MULTI_PROG", "SLURM_NTASKS", "SLURM_NNODES", "SLURM_WORKING_DIR",
	}, name)
}

// endedItself says that srun ended as the worker did: well, or as one that was killed. Its own
// failures have other codes, and may have cost some of what the worker has said.
func endedItself(res process.Result) bool {
	const killed = 128 + 9
	code := res.Status.ExitStatus()
	return !res.Status.Signaled() && (code == 0 || code == killed)
}

// noSlurm is what Slurm's commands say where no cluster is configured.
const noSlurm = "Could not establish a configuration source"

// refusedBySlurm says that srun will never give what was asked for, from what it said.
func refusedBySlurm(said string) bool {
	hopeless := func(part string) bool { return strings.Contains(said, part) }
	if !slices.ContainsFunc([]string{"Unable to allocate resources", "nvalid", "unrecognized option", noSlurm}, hopeless) {
		return false
	}
	for _, passing := range []string{"contact", "timed out", "Resource temporarily", "busy"} {
		if strings.Contains(said, passing) {
			return false
		}
	}
	return true
}

// Clean is part of Backend. What is called as all of the run are is cancelled. On a node of our
// own, what has left its worker is looked for as well: not every Slurm ends that.
func (e *slurm) Clean(ctx context.Context, run, place string) ([]string, error) {
	if place != "" {
		if e.spec.Job == "" {
			return nil, nil
		}
		s, err := e.to(place).connect(ctx, e.here, place, run+".clean", "--clean "+run)
		if err != nil {
			return nil, err
		}
		return s.output(ctx)
	}
	if e.launched.Load() && e.held.Load() == 0 {
		return nil, nil // there is nothing; and a Slurm that cannot be reached is not waited for
	}
	lines, err := e.run(ctx, "scancel", "--name="+jobName(run), "--user="+strconv.Itoa(os.Getuid()))
	if err != nil && strings.Contains(err.Error(), noSlurm) {
		return nil, nil // what could not be asked for anything has given nothing
	}
	return lines, err
}

// run runs one of Slurm's commands, and returns the lines that it prints.
func (e *slurm) run(ctx context.Context, name string, args ...string) ([]string, error) {
	path, err := process.LookPath(name, process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text.Name(name), err)
	}
	c := command{here: e.here, path: path, argv: []string{name}, words: func(string) []string { return args }}
	w := transport{begin: c.begin}
	s, err := w.start(e.here, name, e.here.Run+".slurm", "")
	if err != nil {
		return nil, err
	}
	lines, err := s.output(ctx)
	if said := s.stderr.last(); err != nil && said != "" {
		err = errors.New(said)
	}
	return lines, err
}
