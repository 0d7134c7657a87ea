package guardian

import (
	"syscall"
	"time"

	"fanout/internal/process"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// exitFault is the exit code of a fanout whose runner has died of a fault: fanout itself has failed.
const exitFault = 1

// tellFault says on standard error that the runner has died of a fault, and reports whether it has. The Go runtime
// exits with 2 after a fault, which is fanout's code for wrong usage: the runner says that it is done before it exits
// with 2 on purpose.
func (g *guardian) tellFault(st syscall.WaitStatus) bool {
	how := ""
	switch {
	case st.Exited() && st.ExitStatus() == 2 && !g.ended:
		how = "exit status 2"
	case st.Signaled() && isFault(st.Signal()):
		how = "killed by " + unix.SignalName(st.Signal())
	default:
		return false
	}
	reason, file := process.Trace(g.runner.Pid())
	if file != "" {
		how, file = reason, "; please report it with the contents of "+file
	}
	const most = 250 * time.Millisecond
	sysio.Tell(2, text.Sprint("the runner died: %s; its jobs were ended%s", how, file), most)
	return true
}

// isFault reports whether a signal is one that the system sends to faulty processes.
func isFault(s syscall.Signal) bool {
	switch s {
	case unix.SIGABRT, unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGSYS, unix.SIGTRAP, unix.SIGXCPU, unix.SIGXFSZ:
		return true
	default:
		return false
	}
}
