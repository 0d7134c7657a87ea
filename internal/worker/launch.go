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

// Local launches workers on this machine: this program once more, in a session of its
// own.
type Local struct {
	Supervisor *process.Supervisor
	Path       string // of this program
	Environ    []string
	Run        string // mark of the run
	Stderr     int    // the descriptor that the user sees

	mu      sync.Mutex
	started int
}

// runID is what the processes of a worker are known by: it is the outer mark of all of its
// jobs. No two workers have the same.
func (l *Local) jobID(number int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started++
	return l.Run + ".w" + strconv.Itoa(number) + "." + strconv.Itoa(l.started)
}

// Launch is part of Launcher.
func (l *Local) Launch(_ context.Context, number int, _ string) (Link, error) {
	mark := l.jobID(number)
	p, err := l.Supervisor.StartProgram(process.Command{
		Path:    l.Path,
		Argv:    []string{"fanout", "worker"},
		Env:     execute.Environ(l.Environ, l.Run, mark),
		Session: true,
	}, mark, process.Inherited(l.Stderr))
	if err != nil {
		return nil, fmt.Errorf("starting worker %d: %w", number, err)
	}
	return &localLink{p}, nil
}

type localLink struct{ p *process.Program }

func (l *localLink) Read(b []byte) (int, error)  { return l.p.Stdout.Read(b) }
func (l *localLink) Write(b []byte) (int, error) { return l.p.Stdin.Write(b) }
func (l *localLink) Close() error                { return l.p.Stdin.Close() }
func (l *localLink) Lossless() bool              { return true } // pipes are
func (l *localLink) Dismiss()                    { l.p.Dismiss() }
func (l *localLink) Kill()                       { l.p.Kill() }

func (l *localLink) Wait() error {
	res := l.p.Wait()
	l.p.Stdout.Close()
	if res.Failure() != nil {
		if reason, file := l.p.Fault(); file != "" {
			return fmt.Errorf("%s; more is in %s", reason, file)
		}
	}
	return res.Failure()
}

// Main is the whole of a local worker: the process that Local launches. Its standard input
// and output are the connection; what else is written to its standard output goes to
// standard error.
//
// The error is ErrLeft when nobody is there who would want to know of another.
//
// A worker for a runner on another machine is given met, which is told what it is for.
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
	process.KeepTrace() // who waits for us tells of it
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
		return ErrLeft // as far as its jobs are concerned
	}
	return err
}
