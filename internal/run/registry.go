package run

import (
	"os"
	"path/filepath"
	"time"

	"fanout/internal/registry"
	"fanout/internal/text"
)

// register enters the run into the registry, where fanout ps and fanout cleanup find
// it, and tells there how far it has come. The run does without if that fails. The
// function that it returns takes the run out again.
//
// Before each count, tell has all events told that have waited so far.
func (r *Run) register(tell func()) (unregister func()) {
	if r.local == nil || !r.local.StartsProcesses() {
		return func() {}
	}
	reg, err := enter(registry.Entry{
		RunID: r.plan.Execute.RunID, Guardian: r.plan.Guardian, TmpDir: r.plan.Collect.TmpDir, Remote: r.remoteEntry(),
	})
	if err != nil {
		r.warn(unregistered(err))
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell()
				time.Sleep(10 * time.Millisecond)
				reg.Progress(r.counts())
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		reg.Close()
	}
}

// enter makes the entry of this process.
func enter(e registry.Entry) (*registry.Registration, error) {
	e.Dir, _ = os.Getwd()
	if e.TmpDir != "" {
		e.TmpDir, _ = filepath.Abs(e.TmpDir)
	}
	e.Command = os.Args
	return registry.Register(registry.DefaultDir(), e)
}

// remoteEntry is where jobs of the run are that do not run on this machine.
func (r *Run) remoteEntry() *registry.Remote {
	if r.backend == nil {
		return nil
	}
	e := r.plan.Remote
	found := &registry.Remote{Backend: string(e.Kind), Command: e.SSH.Command}
	for _, pl := range e.SSH.Hosts {
		found.Hosts = append(found.Hosts, pl.Name)
	}
	if e.HoldsJobs() {
		found.Hosts = []string{""}
	}
	return found
}

// unregistered is the warning for a run that the registry could not take.
func unregistered(err error) string { return "this run is not in the registry: " + text.Error(err) }

// counts is how far the run has come.
func (r *Run) counts() registry.Counts {
	done := r.progress.Done()
	c := registry.Counts{Done: done, Failed: r.progress.Failed(), Running: max(0, r.progress.Started()-done), Draining: r.drain.is(), At: time.Now()}
	if running, waiting, ok := r.begun(); ok {
		c.Running, c.Waiting = int64(running), int64(waiting)
	}
	if r.backend != nil && r.plan.Remote.NamesHosts() {
		c.Hosts = r.offered.sorted()
	}
	return c
}
