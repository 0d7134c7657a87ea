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

// Slurm says what workers get of a Slurm cluster.
type Slurm struct {
	Args    []string // more arguments for srun
	Workers int      // how many; 0: PerNode for each node of the allocation
	PerNode int      // at least 1
	Threads int      // jobs at a time in each; 0: the node's CPUs, divided among its workers
	Job     string   // the allocation that fanout runs in; "": each worker gets its own
	Nodes   string   // of the allocation, as Slurm writes lists
	CPUs    string   // of the nodes, as Slurm writes them
}

// AllocationOf reads the allocation that a process is in from its environment.
func (s *Slurm) AllocationOf(getenv func(string) string) {
	s.Job, s.Nodes, s.CPUs = getenv("SLURM_JOB_ID"), getenv("SLURM_JOB_NODELIST"), getenv("SLURM_JOB_CPUS_PER_NODE")
}

type slurm struct {
	spec    Slurm
	here    Here
	path    string // to srun
	ids     ids
	threads map[string]int // by host

	launched atomic.Bool
	held     atomic.Int64 // how many of the workers that were launched may hold something in Slurm
}

func newSlurm(spec Slurm, here Here) (Backend, error) {
	path, err := process.LookPath("srun", process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("srun: %w: put Slurm's commands on PATH", err)
	}
	return &slurm{spec: spec, here: here, path: path, ids: ids{run: here.Run}, threads: map[string]int{}}, nil
}

// jobName returns the name that all of a run's jobs have in Slurm.
func jobName(run string) string { return "fanout-" + run }

// Capacity is part of Backend.
func (e *slurm) Capacity(ctx context.Context, offer func([]pool.Host)) error {
	hosts, err := e.hosts(ctx)
	if err != nil {
		return err
	}
	for _, host := range hosts {
		e.threads[host.Name] = host.Threads
	}
	offer(hosts)
	return nil
}

// hosts returns the nodes of the allocation or, without one, a host for each worker: Slurm decides which node that is,
// and one that is lost says nothing of the others.
func (e *slurm) hosts(ctx context.Context) (hosts []pool.Host, err error) {
	if e.spec.Job == "" {
		for n := range e.spec.Workers {
			hosts = append(hosts, pool.Host{Name: fmt.Sprintf("Slurm worker %d", n+1), Workers: 1, Threads: max(1, e.spec.Threads)})
		}
		return hosts, nil
	}
	if e.spec.Nodes == "" {
		return nil, fmt.Errorf("SLURM_JOB_ID is %s, but SLURM_JOB_NODELIST is not set: run inside an allocation, or unset both for allocations of fanout's own", text.Name(e.spec.Job))
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

// spread divides the workers among the nodes.
func spread(s Slurm, nodes []string, cpus []int) (hosts []pool.Host) {
	left := s.Workers
	for i, node := range nodes {
		host := pool.Host{Name: node, Workers: s.PerNode, Threads: s.Threads}
		if s.Workers > 0 {
			host.Workers = (left + len(nodes) - i - 1) / (len(nodes) - i)
			left -= host.Workers
			host.Threads = max(1, s.Threads)
		}
		if host.Threads == 0 {
			host.Threads = 1
			if i < len(cpus) {
				host.Threads = max(1, cpus[i]/host.Workers)
			}
		}
		if host.Workers > 0 {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// parseCPUs reads Slurm's lists: 4(x2),8 is 4, 4 and 8.
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
			return nil, fmt.Errorf("SLURM_JOB_CPUS_PER_NODE is %q: that is not a list of numbers of CPUs, such as 4(x2),8", list)
		}
		all = append(all, slices.Repeat([]int{n}, k)...)
	}
	return all, nil
}

// Launch is part of worker.Launcher. It waits for as long as Slurm does.
func (e *slurm) Launch(ctx context.Context, number int, host string) (worker.Link, error) {
	e.launched.Store(true)
	e.held.Add(1)
	s, err := e.to(host).connect(ctx, e.here, host, e.ids.next(number), "--far")
	if err != nil {
		var hopeless *pool.HopelessError
		if ctx.Err() == nil || errors.As(err, &hopeless) { // srun has ended by itself, and has given back what it held
			e.held.Add(-1)
		}
		return nil, err
	}
	return &link{shell: s}, nil
}

// to returns the transport to a worker on a host.
func (e *slurm) to(host string) transport {
	argv := []string{
		"srun", "--job-name=" + jobName(e.here.Run), "--nodes=1", "--ntasks=1", "--unbuffered", "--chdir=/",
		"--cpus-per-task=" + strconv.Itoa(max(1, e.threads[host])), "--export=" + strings.Join(exported(e.here.Environ), ","),
	}
	after := cleanup{run: e.here.Run, scancel: true}
	if e.spec.Job != "" {
		argv = append(argv, "--jobid="+e.spec.Job, "--nodelist="+host, "--overlap")
		after = cleanup{}
	}
	here := e.here
	here.Environ = slices.DeleteFunc(slices.Clone(here.Environ), setsStreams)
	srun := command{
		here: here, path: e.path, argv: append(argv, e.spec.Args...),
		words: func(script string) []string { return []string{"/bin/sh", "-c", script} },
	}
	return transport{srun, traits{
		gently: true, linger: e.here.Grace + 2*time.Second, complete: endedItself, after: after,
		messages: messages{own: "srun: ", notice: " queued and waiting for resources", hopeless: refusedBySlurm},
		check:    func(string) (program, try string) { return "srun", "check that srun works here" },
	}}
}

// exported returns the names of the login's variables that srun passes on.
func exported(environ []string) (names []string) {
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(loginVariables(), name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{"NONE"}
	}
	return names
}

// setsStreams reports whether a variable makes srun do anything with a worker's input and output but pass them on, or
// run something beside the worker.
func setsStreams(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	return slices.Contains([]string{
		"SLURM_STDINMODE", "SLURM_STDOUTMODE", "SLURM_STDERRMODE", "SLURM_LABELIO", "SLURM_PROLOG", "SLURM_EPILOG",
		"SLURM_TASK_PROLOG", "SLURM_TASK_EPILOG", "SLURM_MULTI_PROG", "SLURM_NTASKS", "SLURM_NNODES", "SLURM_WORKING_DIR",
	}, name)
}

// endedItself reports whether srun ended as the worker did: well, or killed. Its own failures have other codes, and may
// have cost some of what the worker has said.
func endedItself(res process.Result) bool {
	const killed = 128 + 9
	code := res.Status.ExitStatus()
	return !res.Status.Signaled() && (code == 0 || code == killed)
}

// noSlurm is the message of Slurm's commands where no cluster is configured.
const noSlurm = "Could not establish a configuration source"

// refusedBySlurm reports, from srun's message, whether it will never grant what was asked for.
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

// Clean is part of Backend. It cancels all that has the run's name. On a node of the allocation it also looks for what
// a worker has left: not every Slurm ends that.
func (e *slurm) Clean(ctx context.Context, run, host string) ([]string, error) {
	if host != "" {
		if e.spec.Job == "" {
			return nil, nil
		}
		s, err := e.to(host).connect(ctx, e.here, host, run+".clean", "--clean", run)
		if err != nil {
			return nil, err
		}
		return s.output(ctx)
	}
	if e.launched.Load() && e.held.Load() == 0 {
		return nil, nil // it holds nothing, and a Slurm that cannot be reached is not worth a wait
	}
	lines, err := e.run(ctx, "scancel", "--name="+jobName(run), "--user="+strconv.Itoa(os.Getuid()))
	if err != nil && strings.Contains(err.Error(), noSlurm) {
		return nil, nil // where there is no Slurm, it has granted nothing
	}
	return lines, err
}

// run runs one of Slurm's commands and returns the lines that it prints.
func (e *slurm) run(ctx context.Context, name string, args ...string) ([]string, error) {
	path, err := process.LookPath(name, process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text.Name(name), err)
	}
	c := command{here: e.here, path: path, argv: []string{name}, words: func(string) []string { return args }}
	s, err := transport{starter: c}.start(e.here, name, e.here.Run+".slurm", "")
	if err != nil {
		return nil, err
	}
	lines, err := s.output(ctx)
	if said := s.stderr.last(); err != nil && said != "" {
		err = errors.New(said)
	}
	return lines, err
}
