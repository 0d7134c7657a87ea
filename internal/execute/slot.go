package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// slot runs the jobs of one slot, one after the other.
type slot struct {
	l    *Local
	tree *process.Tree // nil until a process is needed

	mu    sync.Mutex // guards these two against Running
	began time.Time  // zero between jobs
	job   job.Job

	ctx    context.Context
	out    job.Output
	give   [2]int // what processes get as standard output and error
	struck bool   // a signal has ended a command that may have been meant for all of us
	acted  bool   // something was done that cannot be done again

	usage job.Usage
	env   []string // scratch, kept from job to job
	argv  []string
	text  []byte
}

func (r *slot) run(ctx context.Context, j job.Job, out job.Output) job.Status {
	r.ctx, r.out = ctx, out
	r.usage, r.struck, r.acted = job.Usage{}, false, false
	p := r.l.plan
	if p != nil && p.inline {
		return r.inline(p)
	}
	if err := r.begin(); err != nil {
		if r.tree != nil {
			r.tree.Finish()
		}
		st := notStarted(err)
		st.NoRoom = process.NoRoom(err)
		return st
	}
	var st job.Status
	if p == nil || p.redirects && r.needsShell(p) {
		st = r.shell()
	} else {
		st = r.native(p)
	}
	if sig := r.tree.WantsTerminal(); sig != 0 {
		st = job.Status{Outcome: job.Signaled, Signal: sig, Err: errWantsTerminal}
	}
	if used := r.tree.OverMemory(); used > 0 {
		st = job.Status{Outcome: job.OverMemory, Err: process.MemoryError(used, r.l.sup.Memory())}
	}
	if st.Outcome == job.NotStarted && process.NoRoom(st.Err) {
		if st.NoRoom = !r.acted; r.tree.Stopping() {
			st = job.Status{Outcome: job.Stopped}
		}
	}
	held := r.tree.Finish()
	st.Held = held && st.Outcome != job.Stopped // what a job that is stopped leaves behind is ended too
	st.Usage = r.usage
	return st
}

// begin makes ready for processes.
func (r *slot) begin() error {
	if r.tree == nil {
		tree, err := r.l.sup.NewTree()
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.tree = tree
		r.mu.Unlock()
	}
	r.tree.Begin(r.ctx, r.l.env.jobID(r.job))
	r.env = r.l.env.forJob(r.env, r.job)
	var err error
	r.give[0], r.give[1], err = r.tree.Capture(r.out.Stdout, r.out.Stderr)
	return err
}

// stdin is what the first process of the job reads, and whether to close it then.
func (r *slot) stdin() (fd int, own bool, err error) {
	pieces := r.l.tmpl.Stdin(r.job)
	if pieces == nil {
		return r.l.sup.Null(), false, nil
	}
	fd, err = r.tree.Feed(pieces)
	return fd, err == nil, err
}

// shell runs the job in a shell, with the items as its parameters.
func (r *slot) shell() job.Status {
	script, params, err := r.l.tmpl.Shell(r.job)
	if err != nil {
		return notStarted(err)
	}
	shell := r.l.spec.Shell
	r.argv = append(r.argv[:0], shell...)
	r.argv = append(append(r.argv, "-c", script, filepath.Base(shell[0])), params...)
	stdin, own, err := r.stdin()
	if err != nil {
		return notStarted(err)
	}
	err = r.start(shell[0], r.argv, r.env, [3]int{stdin, r.give[0], r.give[1]})
	if own {
		unix.Close(stdin)
	}
	if err != nil {
		return startFailure(shell[0], err)
	}
	r.tree.Seal()
	return r.status(r.tree.Wait()[0])
}

// start starts a process, if its arguments are not too long.
func (r *slot) start(path string, argv, env []string, fds [3]int) error {
	if err := r.l.limits.Check(argv, r.job); err != nil {
		return err
	}
	c := process.Command{
		Path: path, Argv: argv, Env: env, Dir: r.l.spec.Dir,
		Stdin: fds[0], Stdout: fds[1], Stderr: fds[2],
		WaitForRoom: r.acted, // else, whoever runs the job knows better when to try again
	}
	if path != r.l.spec.Shell[0] {
		c.Shell = r.l.spec.Shell
	}
	err := r.tree.Start(&c)
	if err == unix.E2BIG {
		err = fmt.Errorf("item %q: the arguments are longer than the system allows; --pipe gives items on standard input", clip(r.job.Label()))
	}
	r.acted = r.acted || err == nil
	return err
}

// status is the outcome of a job whose last process ended like this.
func (r *slot) status(res process.Result) job.Status {
	r.count(res)
	if r.tree.Terminated() {
		return job.Status{Outcome: job.Stopped}
	}
	if res.Err != nil {
		return job.Status{Outcome: job.Lost, Err: res.Err}
	}
	if res.Status.Signaled() {
		return job.Status{Outcome: job.Signaled, Signal: res.Status.Signal()}
	}
	return job.Status{Outcome: job.Exited, Code: res.Status.ExitStatus()}
}

func (r *slot) count(res process.Result) {
	r.usage.User += res.User
	r.usage.System += res.System
	r.usage.MaxRSS = max(r.usage.MaxRSS, res.MaxRSS)
}

// errWantsTerminal is why a job was ended that would have waited for ever.
var errWantsTerminal = errors.New("it wants the terminal, which jobs do not have: give it its input by --pipe or by a file")

func notStarted(err error) job.Status { return job.Status{Outcome: job.NotStarted, Err: err} }

// startFailure is the outcome of a job whose program could not be started.
func startFailure(name string, err error) job.Status {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return notStarted(err)
	}
	if process.NoRoom(err) {
		return notStarted(fmt.Errorf("%s: no room for one more process: %w", text.Name(name), err))
	}
	err = fmt.Errorf("%s: %w", text.Name(name), err)
	switch {
	case !aboutProgram(err):
		return notStarted(err)
	case errno == unix.ENOENT:
		return job.Status{Outcome: job.NotFound, Err: err}
	default:
		return job.Status{Outcome: job.NotExecutable, Err: err}
	}
}

// aboutProgram tells whether a start failed on account of the program, and not of the system.
func aboutProgram(err error) bool {
	var call *os.SyscallError // what failed was not the exec
	var errno syscall.Errno
	return !errors.As(err, &call) && errors.As(err, &errno) && slices.Contains(unable, errno)
}

var unable = []syscall.Errno{unix.ENOENT, unix.EACCES, unix.EPERM, unix.ENOEXEC, unix.EISDIR, unix.ENOTDIR, unix.ELOOP, unix.ETXTBSY,
	unix.ENAMETOOLONG, unix.EIO, unix.ENXIO, unix.ENODEV}

// StartError is why a program of that name has not been started: a *CommandError where it
// is about the program.
func StartError(name string, err error) error {
	if aboutProgram(err) {
		return &CommandError{Name: name, Err: err}
	}
	return fmt.Errorf("%s: %w", text.Name(name), err)
}

// clip shortens what is quoted in a message.
func clip(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}
