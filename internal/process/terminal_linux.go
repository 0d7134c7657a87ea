package process

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// haveTerminal says that there is a terminal that a job might want.
func haveTerminal() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	tty.Close()
	return true
}

// lookEvery is how often a job that is still running is looked at, in case that it
// has been stopped for using the terminal: nothing else would tell.
const lookEvery = 250 * time.Millisecond

// checkTerminal ends a job that was stopped because it reads from the terminal, or
// changes it: in the background, as all jobs are, it would wait for ever.
func (t *Tree) checkTerminal() {
	for i := range t.procs {
		if t.procs[i].gone {
			continue
		}
		if sig := stoppedBy(t.procs[i].pid); sig == unix.SIGTTIN || sig == unix.SIGTTOU {
			t.wants = sig
			t.terminate()
			return
		}
	}
}

// stoppedBy is the signal that a child has been stopped by, 0 when it is not.
func stoppedBy(pid int) syscall.Signal {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil)
	if _, st := child(&info); err == nil && st.Stopped() {
		return st.StopSignal()
	}
	return 0
}
