package process

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// haveTerminal reports whether there is a terminal that a job might want.
func haveTerminal() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	tty.Close()
	return true
}

// lookEvery is how often a running job is checked for having been stopped because it uses the terminal: nothing reports
// that.
const lookEvery = 250 * time.Millisecond

// checkTerminal ends a job that was stopped because it reads from the terminal, or changes it: in the background, where
// all jobs are, it would wait for ever.
func (t *Tree) checkTerminal() {
	for i := range t.children {
		if t.children[i].gone {
			continue
		}
		if sig := stoppedBy(t.children[i].pid); sig == unix.SIGTTIN || sig == unix.SIGTTOU {
			t.wants = sig
			t.terminate()
			return
		}
	}
}

// stoppedBy returns the signal by which a child has been stopped, 0 when it is not stopped.
func stoppedBy(pid int) syscall.Signal {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil)
	if _, st := changed(&info); err == nil && st.Stopped() {
		return st.StopSignal()
	}
	return 0
}
