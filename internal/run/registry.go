package run

import (
	"os"
	"path/filepath"
	"time"

	"fanout/internal/registry"
	"fanout/internal/remote"
	"fanout/internal/text"
)

// report enters the run into the registry, where fanout ps and fanout cleanup find it. From then on it reports how far
// the run has come: to the registry each second, and to the journal and the log more often, which else would not hear
// soon of jobs without output. The function that it returns ends both.
//
// tell passes on all events that wait.
func (r *Run) report(tell func()) (end func()) {
	const often = 100 * time.Millisecond
	reg, every := r.register(), time.Second
	if r.records.keeps() || r.plan.Log.On {
		every = often
	}
	if reg == nil && every != often {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for since := every; ; since += every {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
			tell()
			if reg != nil && since >= time.Second {
				since = 0
				time.Sleep(often / 10) // the collector takes the events in its own goroutine
				reg.Progress(r.counts())
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		if reg != nil {
			reg.Close()
		}
	}
}

// register enters the run into the registry. It returns nil for a run that starts no processes, or that the registry
// cannot take: such a run goes on without.
func (r *Run) register() *registry.Registration {
	if r.local == nil || !r.local.StartsProcesses() {
		return nil
	}
	e := registry.Entry{RunID: r.plan.Execute.RunID, Guardian: r.plan.Guardian, TmpDir: r.plan.Collect.TmpDir}
	if r.remote != nil {
		e.Remote = remoteEntry(r.plan.Remote)
	}
	reg, err := enter(e)
	if err != nil {
		r.warn(unregistered(err))
		return nil
	}
	return reg
}

// enter makes the registry's entry of this process.
func enter(e registry.Entry) (*registry.Registration, error) {
	e.Dir, _ = os.Getwd()
	if e.TmpDir != "" {
		e.TmpDir, _ = filepath.Abs(e.TmpDir)
	}
	e.Command = os.Args
	return registry.Register(registry.DefaultDir(), e)
}

// remoteEntry returns where a run has jobs on other machines.
func remoteEntry(spec remote.Spec) *registry.Remote {
	e := &registry.Remote{Backend: string(spec.Kind), Command: spec.SSH.Command}
	for _, host := range spec.SSH.Hosts {
		e.Hosts = append(e.Hosts, host.Name)
	}
	if spec.HoldsJobs() {
		e.Hosts = []string{""}
	}
	return e
}

// unregistered is the warning for a run that the registry could not take.
func unregistered(err error) string { return "this run is not in the registry: " + text.Error(err) }

// counts returns how far the run has come.
func (r *Run) counts() registry.Counts {
	done := r.progress.Done()
	c := registry.Counts{Done: done, Failed: r.progress.Failed(), Running: max(0, r.progress.Started()-done), Draining: r.drain.is(), At: time.Now()}
	if running, waiting, ok := r.begun(); ok {
		c.Running, c.Waiting = int64(running), int64(waiting)
	}
	if r.remote != nil {
		c.Hosts = r.remote.Hosts()
	}
	return c
}
