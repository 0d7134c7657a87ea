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
	tree *process.Tree // nil until the slot needs a process

	mu    sync.Mutex // guards these two against Running
	began time.Time  // zero between jobs
	job   job.Job

	ctx   context.Context
	out   job.Output
	give  [2]int // standard output and error for processes
	hit   bool   // a command was ended by a signal that may be meant for all processes of fanout
	acted bool   // something was done that must not be done again

	usage job.Usage
	env   []string // scratch, kept from job to job
	argv  []string
	text  []byte
}

func (s *slot) run(ctx context.Context, _ job.Job, out job.Output) job.Status {
	s.ctx, s.out = ctx, out
	s.usage, s.hit, s.acted = job.Usage{}, false, false
	p := s.l.plan
	if p != nil && p.inline {
		return s.inline(p)
	}
	if err := s.begin(); err != nil {
		if s.tree != nil {
			s.tree.Finish()
		}
		st := notStarted(err)
		st.NoRoom = process.NoRoom(err)
		return st
	}
	var st job.Status
	if p == nil || p.redirects && s.needsShell(p) {
		st = s.shell()
	} else {
		st = s.native(p)
	}
	if sig := s.tree.WantsTerminal(); sig != 0 {
		st = job.Status{Outcome: job.Signaled, Signal: sig, Err: errWantsTerminal}
	}
	if used := s.tree.OverMemory(); used > 0 {
		st = job.Status{Outcome: job.OverMemory, Err: process.MemoryError(used, s.l.sup.Memory())}
	}
	if st.Outcome == job.NotStarted && process.NoRoom(st.Err) {
		if st.NoRoom = !s.acted; s.tree.Stopping() {
			st = job.Status{Outcome: job.Stopped}
		}
	}
	held := s.tree.Finish()
	st.Held = held && st.Outcome != job.Stopped // the leftovers of a stopped job are ended too
	st.Usage = s.usage
	return st
}

// begin readies the slot for processes.
func (s *slot) begin() error {
	if s.tree == nil {
		tree, err := s.l.sup.NewTree()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.tree = tree
		s.mu.Unlock()
	}
	s.tree.Begin(s.ctx, s.l.env.jobID(s.job))
	s.env = s.l.env.forJob(s.env, s.job)
	var err error
	s.give[0], s.give[1], err = s.tree.Capture(s.out.Stdout, s.out.Stderr)
	return err
}

// stdin returns what the first process of the job reads, and whether the caller has to close it then.
func (s *slot) stdin() (fd int, own bool, err error) {
	pieces := s.l.tmpl.Stdin(s.job)
	if pieces == nil {
		return s.l.sup.Null(), false, nil
	}
	fd, err = s.tree.Feed(pieces)
	return fd, err == nil, err
}

// shell runs the job in a shell, with the items as its parameters.
func (s *slot) shell() job.Status {
	script, params, err := s.l.tmpl.Shell(s.job)
	if err != nil {
		return notStarted(err)
	}
	shell := s.l.spec.Shell
	s.argv = append(s.argv[:0], shell...)
	s.argv = append(append(s.argv, "-c", script, filepath.Base(shell[0])), params...)
	stdin, own, err := s.stdin()
	if err != nil {
		return notStarted(err)
	}
	err = s.start(shell[0], s.argv, s.env, [3]int{stdin, s.give[0], s.give[1]})
	if own {
		unix.Close(stdin)
	}
	if err != nil {
		return startFailure(shell[0], err)
	}
	s.tree.Seal()
	return s.status(s.tree.Wait()[0])
}

// start starts a process, if its arguments are not too long.
func (s *slot) start(path string, argv, env []string, fds [3]int) error {
	if err := s.l.tmpl.Fits(s.l.limits, argv, s.job); err != nil {
		return err
	}
	c := process.Command{
		Path: path, Argv: argv, Env: env, Dir: s.l.spec.Dir,
		Stdin: fds[0], Stdout: fds[1], Stderr: fds[2],
		WaitForRoom: s.acted, // if not, the caller knows better when to run the job again
	}
	if path != s.l.spec.Shell[0] {
		c.Shell = s.l.spec.Shell
	}
	err := s.tree.Start(&c)
	if err == unix.E2BIG {
		err = s.l.tmpl.TooLong(s.job)
	}
	s.acted = s.acted || err == nil
	return err
}

// status returns the outcome of a job whose last process ended like this.
func (s *slot) status(res process.Result) job.Status {
	s.count(res)
	if s.tree.Terminated() {
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

func (s *slot) count(res process.Result) {
	s.usage.User += res.User
	s.usage.System += res.System
	s.usage.MaxRSS = max(s.usage.MaxRSS, res.MaxRSS)
}

// errWantsTerminal is why a job was ended that would have waited for ever.
var errWantsTerminal = errors.New("it wants the terminal, which jobs do not have: pass its input by --pipe or in a file")

// quotedMost limits what is quoted in a message.
const quotedMost = 60

func notStarted(err error) job.Status { return job.Status{Outcome: job.NotStarted, Err: err} }

// startFailure returns the outcome of a job whose program could not be started.
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

// aboutProgram reports whether a start failed because of the program, and not of the system.
func aboutProgram(err error) bool {
	var call *os.SyscallError // what failed was not the exec
	var errno syscall.Errno
	return !errors.As(err, &call) && errors.As(err, &errno) && slices.Contains(unable, errno)
}

// unable are the errors of execve that are about the program.
var unable = []syscall.Errno{unix.ENOENT, unix.EACCES, unix.EPERM, unix.ENOEXEC, unix.EISDIR, unix.ENOTDIR, unix.ELOOP, unix.ETXTBSY,
	unix.ENAMETOOLONG, unix.EIO, unix.ENXIO, unix.ENODEV}

// StartError returns why a program of that name could not be started: a *CommandError where it is about the program.
func StartError(name string, err error) error {
	if aboutProgram(err) {
		return &CommandError{Name: name, Err: err}
	}
	return fmt.Errorf("%s: %w", text.Name(name), err)
}
