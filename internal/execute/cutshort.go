package execute

import (
	"syscall"

	"fanout/internal/job"
)

// The end of a service, a container, a batch job or a control group sends TERM or KILL to all its processes, one after
// the other, and a job's may be the first. A shell would get the signal as well. Where there is no shell, the script must
// not go on with its next command as if nothing had happened, nor succeed.

// hit reports whether a process was ended by a signal that may be meant for all processes of fanout.
func hit(st syscall.WaitStatus) bool {
	if st.Signaled() {
		return job.Status{Outcome: job.Signaled, Signal: st.Signal()}.Struck()
	}
	return job.Status{Code: st.ExitStatus()}.Struck()
}

// cutShort waits, when a command was ended like that, for a stop of fanout itself, and reports whether there was one.
// Only a job that has been hit pays for it.
func (s *slot) cutShort() bool {
	if !s.hit || s.tree.OverMemory() > 0 {
		return false
	}
	s.hit = false
	return s.tree.AwaitStop(job.Doubt)
}
