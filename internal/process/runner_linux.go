package process

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Runner is fanout itself, started by its guardian.
type Runner struct{ pid, pidfd int }

// StartRunner starts this program once more, with the same arguments, group and
// standard files. It gets TERM when the calling thread ends, which must be the
// first.
func StartRunner(env []string) (Runner, error) {
	runtime.LockOSThread()
	r := Runner{pidfd: -1}
	var err error
	for _, how := range []syscall.SysProcAttr{
		{Pdeathsig: unix.SIGTERM, PidFD: &r.pidfd},
		{Pdeathsig: unix.SIGTERM}, // its pid is its own until we have reaped it
		{},                        // it hears of our end by the guardian's Link, too
	} {
		r.pid, err = syscall.ForkExec(OwnPath(), os.Args, &syscall.ProcAttr{Env: env, Files: []uintptr{0, 1, 2}, Sys: &how})
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

// Pid is the runner's.
func (r Runner) Pid() int { return r.pid }

// Watch tells whenever the runner stops, and last how it ended.
func (r Runner) Watch(changes chan<- syscall.WaitStatus) {
	for {
		var st syscall.WaitStatus
		switch _, err := wait(r.pid, syscall.WUNTRACED, &st, nil); {
		case err == unix.EINTR:
			continue
		case err != nil: // it is not known, and that is no success
			st = 1 << 8
		}
		changes <- st
		if !st.Stopped() {
			return
		}
	}
}

// Stopped says that the runner is stopped now.
func (r Runner) Stopped() bool {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(r.pid) + "/stat")
	_, rest, found := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
	return found && len(rest) > 0 && rest[0] == 'T'
}

// Signal signals the runner. When it has ended, nothing happens.
func (r Runner) Signal(s unix.Signal) {
	if r.pidfd < 0 || sysio.Refused(unix.PidfdSendSignal(r.pidfd, s, nil, 0)) {
		signalChild(r.pid, s)
	}
}

// AwaitChildren returns when no children of this process are left, or most and a moment have
// passed, after which those that are get TERM.
func AwaitChildren(most time.Duration) {
	const often, moment = 10 * time.Millisecond, 2 * time.Second
	if reapFor(most, often) {
		return
	}
	for _, pid := range children() {
		signalChild(pid, unix.SIGTERM)
	}
	reapFor(moment, often)
}

// reapFor reports whether all children have ended in the time.
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

// EndChildren kills all children of this process, and theirs when they become its
// own, until none is left. Each is our own child, which nobody else reaps, so that
// no pid can have come to mean another.
func EndChildren() {
	for end := time.Now().Add(gone); time.Now().Before(end); {
		pids := children()
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
			time.Sleep(time.Millisecond) // the system takes a moment to end those that got KILL
		}
	}
}

// children is our own, also where the system does not list them.
func children() []int {
	if NoProc() != nil {
		return nil
	}
	if pids := childrenOf(os.Getpid()); len(pids) > 0 {
		return pids
	}
	var pids []int
	for pid, r := range living() {
		if r.parent == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
