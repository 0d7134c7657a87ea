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

// localHost runs jobs on this machine, as thread mode does.
type localHost struct {
	*execute.Local
	sup *process.Supervisor
}

// NewHost makes ready what Serve has jobs run by.
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
	mark := os.Getenv(process.JobIDVariable)
	setup.Process.RunID = ownJobID(mark, setup.Remote != nil)
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
	if mark != "" {
		// Whoever has launched us knows all of ours by it.
		spec.Environ = append(spec.Environ, process.JobIDVariable+"="+mark)
	}
	spec.Slots, spec.FirstSlot = setup.Threads, setup.FirstSlot
	local, err := execute.NewLocal(spec, tmpl, setup.Template.Limits, sup)
	if err != nil {
		return nil, err
	}
	if setup.Remote != nil && spec.ShellForced && local.StartsShells() { // a shell that is here was tried by the runner
		if err := execute.TryShell(context.Background(), spec, sup); err != nil {
			return nil, err
		}
	}
	if err := makeRoom(setup.Threads, local, sup); err != nil {
		return nil, err
	}
	return &localHost{local, sup}, nil
}

// ownJobID is the one of the marks that this worker's processes have and no others. The rest are those of
// jobs that the run itself, or the far end's shell, is in.
func ownJobID(marks string, far bool) string {
	all := strings.Fields(marks)
	switch {
	case len(all) == 0:
		return ""
	case !far:
		return all[0]
	}
	if last := all[len(all)-1]; strings.HasSuffix(last, RemoteSuffix) {
		return last
	}
	return ""
}

// RemoteSuffix is what the mark of a worker on another machine ends with.
const RemoteSuffix = ".far"

// Free is part of Host.
func (h *localHost) Free() bool { return !h.StartsProcesses() }

func (h *localHost) EndOrphans() { h.sup.EndLeftovers(false) }
func (h *localHost) Left() int   { return len(h.sup.Leftovers()) }
func (h *localHost) KillNow()    { h.sup.KillNow() }
func (h *localHost) Suspend()    { h.sup.Suspend() }
func (h *localHost) Resume()     { h.sup.Resume() }

// Close ends what nothing but its descent tells to be a job's that was ended.
func (h *localHost) Close() {
	if h.sup.Ended() {
		h.sup.EndLeftovers(true)
	}
	h.sup.Close()
}

// cpus is what worker number n is bound to.
func (l Limits) cpus(n int) []int {
	if len(l.CPUs) == 0 {
		return nil
	}
	return []int{l.CPUs[(n-1)%len(l.CPUs)]}
}

// adapt has jobs run as this machine has it: in a directory of its own, with its environment
// and the variables that the user names, and in a shell that is here.
func (f *Remote) adapt(spec execute.Spec) (execute.Spec, error) {
	spec.Remote, spec.Host = false, f.Host
	if spec.Dir = ""; f.Dir != "" {
		// The worker's own: entered for each job, one that goes away would fail as if the program were not there.
		if err := os.Chdir(f.Dir); err != nil {
			return spec, fmt.Errorf("the working directory %s: %w; make it there, or name another with --remote-dir, or none at all with --remote-dir none", text.Name(f.Dir), errors.Unwrap(err))
		}
		os.Setenv("PWD", f.Dir)
	}
	spec.Environ = os.Environ()
	var err error
	spec.Shell, err = execute.FindShell(spec.Shell, f.Dir)
	return spec, err
}
