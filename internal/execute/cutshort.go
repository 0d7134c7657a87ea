package execute

import (
	"syscall"

	"fanout/internal/job"
)

// Who ends a service, a container, a batch job or a control group sends TERM or KILL to all
// that is in it, one process after the other, and a job's may be the first. A shell that
// stands there goes the same way; where none does, the script must not go on with its next
// command as if nothing had happened, nor end well.

// struck says that a process was ended as all of us may be, by a signal.
func struck(st syscall.WaitStatus) bool {
	if st.Signaled() {
		return job.Status{Outcome: job.Signaled, Signal: st.Signal()}.Struck()
	}
	return job.Status{Code: st.ExitStatus()}.Struck()
}

// cutShort waits, when a command was ended like that, for our own end to be asked for, and
// reports whether it was. Only a job that has been hit pays for it.
func (r *slot) cutShort() bool {
	if !r.struck || r.tree.OverMemory() > 0 {
		return false
	}
	r.struck = false
	return r.tree.AwaitStop(job.Doubt)
}
