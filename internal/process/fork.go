package process

import (
	"os"
	"sync/atomic"
	"syscall"

	"fanout/internal/sysio"
)

// refused is what the system does not know, or does not let us use, of the ways to start a
// process. Each is found out once: to be refused again for each job would cost a fork.
type refused struct {
	ourWay    atomic.Bool // clone3 and dup2, as we use them
	withPidfd atomic.Bool // a pidfd as an answer of the fork
	pidfdOpen atomic.Bool
}

// forkExec is how Go starts a process. A pidfd that the fork does not answer with is asked for
// after it: the pid is that of our own child until it is reaped. It is -1 where there is none.
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

// startError names what may have been refused, when it was not the program: Go does not tell which
// of the child's calls has failed.
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
