package process

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Result is how one process ended, and what it used.
type Result struct {
	Status       syscall.WaitStatus
	Err          error // why the status is not known
	User, System time.Duration
	MaxRSS       int64 // bytes
}

// reap waits for c, which is a zombie or about to become one.
func (c *child) reap() Result {
	var r Result
	var usage syscall.Rusage
	for {
		if _, r.Err = wait(c.pid, 0, &r.Status, &usage); r.Err != unix.EINTR {
			break
		}
	}
	r.Err = os.NewSyscallError("wait4", r.Err)
	if c.exited != nil {
		<-c.exited
	}
	if c.pidfd >= 0 {
		unix.Close(c.pidfd)
		c.pidfd = -1
	}
	r.User = time.Duration(usage.Utime.Nano())
	r.System = time.Duration(usage.Stime.Nano())
	r.MaxRSS = maxRSS(&usage)
	return r
}

// Failure returns how the process has ended, nil when it was with exit status 0.
func (r Result) Failure() error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.Status.Signaled():
		return fmt.Errorf("killed by %s", unix.SignalName(r.Status.Signal()))
	case r.Status.ExitStatus() != 0:
		return fmt.Errorf("exit %d", r.Status.ExitStatus())
	default:
		return nil
	}
}
