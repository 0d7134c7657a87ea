package process

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Result is how one process ended, and what it cost.
type Result struct {
	Status       syscall.WaitStatus
	Err          error // why that is not known
	User, System time.Duration
	MaxRSS       int64 // bytes
}

// reap waits for p, which is a zombie or about to be one.
func (p *proc) reap() Result {
	var r Result
	var usage syscall.Rusage
	for {
		if _, r.Err = wait(p.pid, 0, &r.Status, &usage); r.Err != unix.EINTR {
			break
		}
	}
	r.Err = os.NewSyscallError("wait4", r.Err)
	if p.exited != nil {
		<-p.exited
	}
	if p.pidfd >= 0 {
		unix.Close(p.pidfd)
		p.pidfd = -1
	}
	r.User = time.Duration(usage.Utime.Nano())
	r.System = time.Duration(usage.Stime.Nano())
	r.MaxRSS = maxRSS(&usage)
	return r
}
