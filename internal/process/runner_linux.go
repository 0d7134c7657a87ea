package process

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Runner is the process that does the run, as its guardian sees it.
type Runner struct {
	pid, pidfd int
	warden     int  // its parent, between the guardian and the runner; 0: the guardian is the parent
	talk       int  // to the warden
	lost       bool // the warden ended before the runner
}

// StartRunner starts this program once more, with the same arguments, group and standard files. It is the child of a
// warden, which becomes this program with the words of cleaner, and some more, when leftovers are to be ended: see
// [Leftovers]. Where there can be no warden, env gets the reason. The runner gets TERM when its parent ends: the warden,
// or the calling thread, which must be the first of this process.
func StartRunner(env func(alone error) []string, cleaner []string) (*Runner, error) {
	runtime.LockOSThread()
	r := &Runner{pidfd: -1}
	alone := r.startWarden(env(nil), cleaner)
	if alone == nil {
		return r, nil
	}
	var err error
	for _, how := range []syscall.SysProcAttr{
		{Pdeathsig: unix.SIGTERM, PidFD: &r.pidfd},
		{Pdeathsig: unix.SIGTERM}, // no pidfds: its pid is its own until we have reaped it
		{},                        // no signal either: the guardian's Link tells it of our end
	} {
		r.pid, err = syscall.ForkExec(OwnPath(), os.Args, &syscall.ProcAttr{Env: env(alone), Files: []uintptr{0, 1, 2}, Sys: &how})
		if !sysio.Refused(err) {
			break
		}
	}
	if err != nil {
		path := OwnPath()
		return r, fmt.Errorf("starting %s again: %w", path, startError(&Command{Path: path}, err))
	}
	return r, nil
}

// Pid returns the runner's PID.
func (r *Runner) Pid() int { return r.pid }

// Watch sends a status whenever the runner stops and, as the last, when it has ended.
func (r *Runner) Watch(changes chan<- syscall.WaitStatus) {
	if r.warden != 0 && !r.lost && r.hear(changes) {
		return
	}
	for {
		var st syscall.WaitStatus
		switch _, err := wait(r.pid, syscall.WUNTRACED, &st, nil); {
		case err == unix.EINTR:
			continue
		case err != nil && r.lost: // only the warden knew it, which was killed
			st = syscall.WaitStatus(unix.SIGKILL)
		case err != nil: // the status is not known, and is not taken for a success
			st = 1 << 8
		}
		changes <- st
		if !st.Stopped() {
			return
		}
	}
}

// Stopped reports whether the runner is stopped now.
func (r *Runner) Stopped() bool {
	p, ok := proc.Read(r.pid)
	return ok && p.State == 'T'
}

// Signal signals the runner. It has no effect on a runner that has ended.
func (r *Runner) Signal(s unix.Signal) {
	if r.pidfd >= 0 && !sysio.Refused(unix.PidfdSendSignal(r.pidfd, s, nil, 0)) {
		return
	}
	if p, ok := proc.Read(r.pid); r.warden == 0 || ok && (p.Parent == r.warden || p.Parent == os.Getpid()) {
		signalChild(r.pid, s)
	}
}

// AwaitChildren waits until this process has no children. Those that are left after most get TERM and a moment more.
func AwaitChildren(most time.Duration) {
	const often, moment = 10 * time.Millisecond, 2 * time.Second
	if reapFor(most, often) {
		return
	}
	for _, pid := range ownChildren() {
		signalChild(pid, unix.SIGTERM)
	}
	reapFor(moment, often)
}

// reapFor reaps children for at most that time, and reports whether all have ended.
func reapFor(most, often time.Duration) bool {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(often) {
		for {
			pid, err := wait(-1, unix.WNOHANG, nil, nil)
			if err == unix.ECHILD {
				return true
			}
			if pid <= 0 {
				break
			}
		}
	}
	return false
}

// EndChildren kills all children of this process, and theirs when they become its own, until none is left. Each is our
// own child, which nobody else reaps: no pid can have come to mean another process.
func EndChildren() {
	for end := time.Now().Add(killTime); time.Now().Before(end); {
		pids := ownChildren()
		for _, pid := range pids {
			signalChild(pid, unix.SIGKILL)
		}
		for {
			pid, err := wait(-1, unix.WNOHANG, nil, nil)
			if err == unix.ECHILD {
				return
			}
			if pid <= 0 {
				break
			}
		}
		if len(pids) == 0 {
			time.Sleep(time.Millisecond) // the system takes a moment to end processes that got KILL
		}
	}
}

// ownChildren returns the children of this process, also where the system does not list them.
func ownChildren() []int {
	if proc.Unusable() != nil {
		return nil
	}
	if pids := proc.Children(os.Getpid()); len(pids) > 0 {
		return pids
	}
	var pids []int
	for pid, p := range proc.All() {
		if p.Parent == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
