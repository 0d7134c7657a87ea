package worker

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"

	"fanout/internal/execute"
	"fanout/internal/limits"
	"fanout/internal/process"
)

// Local launches workers on this machine: each is this program once more, in a session of its own.
type Local struct {
	Supervisor *process.Supervisor
	Path       string // of this program
	Environ    []string
	Run        string // run ID
	Stderr     int    // the descriptor for what workers print by themselves

	mu      sync.Mutex
	started int
}

// jobID makes a worker's job ID, by which its processes are found: those of its jobs have it besides their own. No two
// workers have the same.
func (l *Local) jobID(number int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started++
	return l.Run + ".w" + strconv.Itoa(number) + "." + strconv.Itoa(l.started)
}

// Launch is part of Launcher.
func (l *Local) Launch(_ context.Context, number int, _ string) (Link, error) {
	jobID := l.jobID(number)
	p, err := l.Supervisor.StartProgram(process.Command{
		Path:    l.Path,
		Argv:    []string{"fanout", "worker"},
		Env:     execute.Environ(l.Environ, l.Run, jobID),
		Session: true,
	}, jobID, process.Inherited(l.Stderr))
	if err != nil {
		return nil, fmt.Errorf("starting worker %d: %w", number, err)
	}
	return &localLink{p}, nil
}

// localLink is the Link to a worker on this machine.
type localLink struct{ p *process.Program }

func (l *localLink) Read(b []byte) (int, error)  { return l.p.Stdout.Read(b) }
func (l *localLink) Write(b []byte) (int, error) { return l.p.Stdin.Write(b) }
func (l *localLink) Close() error                { return l.p.Stdin.Close() }
func (l *localLink) Lossless() bool              { return true } // as pipes are
func (l *localLink) Dismiss()                    { l.p.Dismiss() }
func (l *localLink) Kill()                       { l.p.Kill() }

func (l *localLink) Wait() error {
	res := l.p.Wait()
	l.p.Stdout.Close()
	if res.Failure() != nil {
		if reason, file := l.p.Fault(); file != "" {
			return fmt.Errorf("%s; see %s", reason, file)
		}
	}
	return res.Failure()
}

// Main is a whole worker process: it serves a runner on its standard input and output. Anything else that is written to
// its standard output goes to standard error.
//
// The error is ErrRunnerGone when nobody is left who would want to know another one.
//
// met is nil, except in a worker of a runner on another machine: it is called with what the runner says of the run.
func Main(fanout string, stdin, stdout, stderr *os.File, met func(Remote)) error {
	in, out, err := process.TakeStandard(stdin, stdout, stderr)
	if err != nil {
		return err
	}
	host := os.Getenv("SLURMD_NODENAME")
	if host == "" {
		host, _ = os.Hostname()
	}
	process.Expendable()
	process.KeepTrace() // the runner tells the user where it is
	ctx, stop := process.UntilSignal(met != nil)
	defer stop()
	hello := Hello{Fanout: fanout, Host: host, Pid: os.Getpid()}
	newHost := NewHost
	if met != nil {
		hello.CPUs = limits.CPUs()
		newHost = func(setup Setup) (Host, error) {
			if setup.Remote != nil {
				met(*setup.Remote)
			}
			return NewHost(setup)
		}
	}
	err = Serve(ctx, in, out, hello, newHost)
	if ctx.Err() != nil && err != nil {
		return ErrRunnerGone // as far as its jobs are concerned
	}
	return err
}
