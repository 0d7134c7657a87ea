package process

import (
	"os"
	"sync/atomic"
	"syscall"

	"fanout/internal/sysio"
)

// refused records which ways to start a process the system does not know, or does not let us use. Each is found out
// once: another refusal for each job would cost a fork.
type refused struct {
	ourWay    atomic.Bool // clone3 and dup2, as vfork uses them
	withPidfd atomic.Bool // a pidfd as a result of the fork
	pidfdOpen atomic.Bool
}

// forkExec starts a process as Go does. When the fork returns no pidfd, it is opened after it: the pid belongs to our
// own child until that is reaped. pidfd is -1 where there is none.
func forkExec(c *Command, group int, refused *refused) (pid, pidfd int, err error) {
	pidfd = -1
	asked := !refused.withPidfd.Load()
	if asked {
		pid, err = goFork(c, group, &pidfd)
	}
	if !asked || sysio.Refused(err) {
		if pid, err = goFork(c, group, nil); err == nil {
			refused.withPidfd.Store(true)
		}
	}
	if err != nil {
		return 0, -1, startError(c, err)
	}
	if pidfd < 0 && !refused.pidfdOpen.Load() {
		if pidfd, err = pidfdOpen(pid); err != nil {
			pidfd = -1
			refused.pidfdOpen.Store(true)
		}
	}
	return pid, pidfd, nil
}

func goFork(c *Command, group int, pidfd *int) (int, error) {
	return syscall.ForkExec(c.Path, c.Argv, &syscall.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Env,
		Files: []uintptr{uintptr(c.Stdin), uintptr(c.Stdout), uintptr(c.Stderr)},
		Sys:   sysProcAttr(c, group, pidfd),
	})
}

// startError names the calls that may have been refused, when it was not the program: Go does not tell which of the
// child's calls has failed.
func startError(c *Command, err error) error {
	if !sysio.Refused(err) || executable(absolute(c.Path, c.Dir)) != nil {
		return err
	}
	calls := "clone, setpgid, dup3, fcntl or execve"
	if c.Session {
		calls = "clone, setsid, dup3, fcntl or execve"
	}
	return os.NewSyscallError(calls, err)
}
