package run

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"fanout/internal/execute"
	"fanout/internal/process"
	"fanout/internal/registry"
)

// Tracked is one command that fanout looks after (fanout track). It has fanout's own standard files and terminal.
type Tracked struct {
	command process.Command
	spec    TrackSpec
	runID   string
	sup     *process.Supervisor
	tree    *process.Tree

	mu    sync.Mutex
	begun bool             // there is a process to signal
	early []syscall.Signal // signals that came before that
}

// TrackSpec says what to run, and how to end it.
type TrackSpec struct {
	Argv  []string
	Grace time.Duration // between TERM and KILL, for leftovers
	Reap  bool          // end leftovers when the command has ended
	RunID string
	Warn  func(string) // tells the user

	Guardian int // the guardian's pid; 0: there is none
}

// NewTracked finds the program. The error is an *execute.CommandError when there is none.
func NewTracked(spec TrackSpec) (*Tracked, error) {
	path, err := process.LookPath(spec.Argv[0], os.Getenv("PATH"), "")
	if err != nil {
		return nil, &execute.CommandError{Name: spec.Argv[0], Err: err}
	}
	t := &Tracked{spec: spec, runID: spec.RunID + ".1.1"}
	t.command = process.Command{
		Path: path, Argv: spec.Argv,
		Env:   execute.Environ(os.Environ(), spec.RunID, t.runID),
		Stdin: 0, Stdout: 1, Stderr: 2,
	}
	t.sup, err = process.NewSupervisor(process.Spec{Grace: spec.Grace, Adopt: true, Reap: spec.Reap, RunID: spec.RunID})
	if err != nil {
		return nil, err
	}
	t.tree, err = t.sup.NewTree()
	return t, err
}

// TrackedEnd is how a tracked command ended.
type TrackedEnd struct {
	Code   int            // the exit status, as a shell shows it
	DiedOf syscall.Signal // the signal that ended it, if people and systems stop programs with that signal
	Left   int            // how many leftovers still run
}

// Do runs the command until it has ended. It ends leftovers when ctx is done, or stopped says so.
func (t *Tracked) Do(ctx context.Context, stopped func() bool) (end TrackedEnd, err error) {
	defer t.sup.Close()
	if reg, err := enter(registry.Entry{RunID: t.spec.RunID, Guardian: t.spec.Guardian}); err == nil {
		defer reg.Close()
	} else {
		t.spec.Warn(unregistered(err))
	}
	t.tree.Begin(ctx, t.runID)
	if err := t.tree.StartHere(&t.command); err != nil {
		return end, execute.StartError(t.command.Argv[0], err)
	}
	t.passEarly()
	st := t.tree.Wait()[0].Status
	t.tree.Finish()
	if ctx.Err() != nil || stopped() {
		t.sup.EndLeftovers(false)
	}
	end.Code, end.Left = st.ExitStatus(), len(t.sup.Leftovers())
	if !st.Signaled() {
		return end, nil
	}
	end.Code = 128 + int(st.Signal())
	switch s := st.Signal(); s {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		end.DiedOf = s
	}
	return end, nil
}

// Lacks returns what the system does not let fanout have.
func (t *Tracked) Lacks() []process.Lack { return t.sup.Lacks() }

// Signal passes a signal on to the command, once it has begun.
func (t *Tracked) Signal(s syscall.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun {
		t.early = append(t.early, s)
		return
	}
	t.tree.Signal(s)
}

// passEarly passes on the signals that came before the command's pid was known. The command may have run for a while by
// then.
func (t *Tracked) passEarly() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
	for _, s := range t.early {
		t.tree.Signal(s)
	}
}

// KillNow ends the grace of what is being ended.
func (t *Tracked) KillNow() { t.sup.KillNow() }
