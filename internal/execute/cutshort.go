package execute

import (
	"slices"
	"syscall"

	"fanout/internal/job"
)

// Who ends a service, a container, a batch job or a control group sends TERM or KILL to all
// that is in it, one process after the other, and a job's may be the first. A shell that
// stands there goes the same way; where none does, the script must not go on with its next
// command as if nothing had happened, nor end well.

// fromOutside says that a process was ended by a signal that may have been meant for all of
// us. Many a program that catches it says so by its exit status.
func fromOutside(st syscall.WaitStatus) bool {
	sig := st.Signal()
	const signaled = 128
	if st.Exited() && st.ExitStatus() > signaled {
		sig = syscall.Signal(st.ExitStatus() - signaled)
	}
	return slices.Contains([]syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGKILL}, sig)
}

// cutShort waits, when a command was ended like that, for our own end to be asked for, and
// reports whether it was. Only a job that has been hit pays for it.
func (r *runner) cutShort() bool {
	if !r.struck || r.tree.OverMemory() > 0 {
		return false
	}
	r.struck = false
	return r.tree.AwaitStop(job.Doubt)
}
