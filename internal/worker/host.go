package worker

import (
	"os"
	"runtime"

	"fanout/internal/execute"
	"fanout/internal/process"
	"fanout/internal/template"
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
	sup, err := process.NewSupervisor(setup.Process)
	if err != nil {
		return nil, err
	}
	if err := sup.Confine(setup.Limits.Nice, setup.Limits.cpus(setup.Number)); err != nil {
		return nil, err
	}
	spec := setup.Execute
	if mark := os.Getenv(process.MarkVariable); mark != "" {
		// Whoever has launched us knows all of ours by it.
		spec.Environ = append(spec.Environ, process.MarkVariable+"="+mark)
	}
	spec.Slots, spec.FirstSlot = setup.Threads, (setup.Number-1)*setup.Threads+1
	local, err := execute.NewLocal(spec, tmpl, setup.Template.Limits, sup)
	if err != nil {
		return nil, err
	}
	const own = 32
	if err := process.NeedFiles(own + setup.Threads*local.FilesPerJob()); err != nil {
		return nil, err
	}
	runtime.GOMAXPROCS(process.Procs(setup.Threads))
	return &localHost{local, sup}, nil
}

// Free is part of Host.
func (h *localHost) Free() bool { return !h.StartsProcesses() }

func (h *localHost) EndOrphans() { h.sup.EndOrphans(false) }
func (h *localHost) KillNow()    { h.sup.KillNow() }
func (h *localHost) Suspend()    { h.sup.Suspend() }
func (h *localHost) Resume()     { h.sup.Resume() }

// Close ends what nothing but its descent tells to be a job's that was ended.
func (h *localHost) Close() {
	if h.sup.Ended() {
		h.sup.EndOrphans(true)
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
