package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"fanout/internal/execute"
	"fanout/internal/process"
	"fanout/internal/template"
	"fanout/internal/text"
)

// localHost is a Host that runs jobs by the executor that thread mode uses.
type localHost struct {
	*execute.Local
	sup *process.Supervisor
}

// NewHost makes the Host that Serve lets run the jobs of a setup.
func NewHost(setup Setup) (Host, error) {
	for _, fd := range setup.Outputs {
		if fd > 2 {
			process.CloseOnExec(fd)
		}
	}
	tmpl, err := template.Compile(setup.Template)
	if err != nil {
		return nil, err
	}
	jobIDs := os.Getenv(process.JobIDVariable)
	setup.Process.RunID = ownJobID(jobIDs, setup.Remote != nil)
	sup, err := process.NewSupervisor(setup.Process)
	if err != nil {
		return nil, err
	}
	if err := sup.Confine(setup.Limits.Nice, setup.Limits.cpus(setup.Number)); err != nil {
		return nil, err
	}
	spec := setup.Execute
	if setup.Remote != nil {
		if spec, err = setup.Remote.adapt(spec); err != nil {
			return nil, err
		}
	}
	if jobIDs != "" {
		// Who has launched this worker finds its processes by it.
		spec.Environ = append(spec.Environ, process.JobIDVariable+"="+jobIDs)
	}
	spec.Slots, spec.FirstSlot = setup.Threads, setup.FirstSlot
	local, err := execute.NewLocal(spec, tmpl, setup.Template.Limits, sup)
	if err != nil {
		return nil, err
	}
	if setup.Remote != nil && spec.ShellForced && local.StartsShells() { // the runner has tried its own shell
		if err := execute.TryShell(context.Background(), spec, sup); err != nil {
			return nil, err
		}
	}
	if err := makeRoom(setup.Threads, local, sup); err != nil {
		return nil, err
	}
	return &localHost{local, sup}, nil
}

// ownJobID returns the job ID that only this worker's processes have. The others belong to jobs that the run itself, or
// the host's shell, is in.
func ownJobID(jobIDs string, remote bool) string {
	all := strings.Fields(jobIDs)
	switch {
	case len(all) == 0:
		return ""
	case !remote:
		return all[0]
	}
	if last := all[len(all)-1]; strings.HasSuffix(last, RemoteSuffix) {
		return last
	}
	return ""
}

// RemoteSuffix ends the job ID of a worker on another machine.
const RemoteSuffix = ".far"

// Free is part of Host.
func (h *localHost) Free() bool     { return !h.StartsProcesses() }
func (h *localHost) EndLeftovers()  { h.sup.EndLeftovers(false) }
func (h *localHost) Leftovers() int { return len(h.sup.Leftovers()) }
func (h *localHost) KillNow()       { h.sup.KillNow() }
func (h *localHost) Suspend()       { h.sup.Suspend() }
func (h *localHost) Resume()        { h.sup.Resume() }

// Close ends processes that only their descent shows to belong to a job that was ended.
func (h *localHost) Close() {
	if h.sup.Ended() {
		h.sup.EndLeftovers(true)
	}
	h.sup.Close()
}

// cpus returns the CPUs that worker number n is bound to.
func (l Limits) cpus(n int) []int {
	if len(l.CPUs) == 0 {
		return nil
	}
	return []int{l.CPUs[(n-1)%len(l.CPUs)]}
}

// adapt fits what the runner says to this machine: its directory, its environment with the variables that the user
// names, and a shell that is here.
func (r *Remote) adapt(spec execute.Spec) (execute.Spec, error) {
	spec.Remote, spec.Host = false, r.Host
	if spec.Dir = ""; r.Dir != "" {
		// The worker enters it once: if each job did, a directory that disappears would look like a missing program.
		if err := os.Chdir(r.Dir); err != nil {
			return spec, fmt.Errorf("the working directory %s: %w; create it on that host, or name another with --remote-dir, or none with --remote-dir none", text.Name(r.Dir), errors.Unwrap(err))
		}
		os.Setenv("PWD", r.Dir)
	}
	spec.Environ = os.Environ()
	var err error
	spec.Shell, err = execute.FindShell(spec.Shell, r.Dir)
	return spec, err
}
