package job

import (
	"fmt"
	"syscall"
	"time"
)

// Outcome is the way in which a job ended. Each job has exactly one.
type Outcome uint8

// The ways in which a job can end.
const (
	Exited        Outcome = iota // it ran and ended by itself; Code says how well
	Signaled                     // a signal that fanout did not send ended it
	TimedOut                     // it ran longer than it was given
	Stopped                      // a stop rule or a signal to fanout ended it, or kept it from starting
	NotFound                     // there is no such program
	NotExecutable                // the program is there and cannot be run
	NotStarted                   // its items or the system did not allow a start; Err says why
	Lost                         // its worker died and the outcome is unknown
	OverMemory                   // it had more memory than it was given; Err says how much

	Ends = iota // how many there are
)

// Doubt is how long before a stop a success is none for sure: a signal that is meant for all
// of us may reach a job's processes that much earlier than those of fanout.
const Doubt = 250 * time.Millisecond

// Status is the outcome of a job.
type Status struct {
	Outcome Outcome
	Unused  bool           // it is Stopped and has not begun
	NoRoom  bool           // it is NotStarted since the system has no room for one more process, and nothing was done of it
	Held    bool           // a process that the job left behind still held its output when it ended
	Code    int            // exit status, when End is Exited
	Signal  syscall.Signal // when End is Signaled
	Limit   time.Duration  // what it was given, when End is TimedOut
	Err     error          // what stood in the way, for NotFound, NotExecutable, NotStarted, Lost and OverMemory, and for some that were Signaled
	Ago     time.Duration  // for how long it has been known elsewhere
	Worker  int            // that ran it: the number of a worker, or else of a slot; 0 where none did
	Program int            // the persistent program that answered, counted from 1 over all runs of a journal; 0 where none is
	Host    string         // the machine that it ran on; "" is this one
	Usage   Usage
}

// Usage is what a job cost: its processes and the descendants that they waited for.
type Usage struct {
	Wall, User, System time.Duration
	MaxRSS             int64 // bytes; never below fanout's own peak when the job was forked
}

// Moment is for how long a run that could end puts that off on account of a success: not for the
// whole time in which it is in doubt, but a little for jobs that took long, of which the more would
// be lost.
func (s Status) Moment() time.Duration {
	const share = 40
	return min(Doubt, s.Usage.Wall/share)
}

// OK reports success: the job ran and its exit status was 0.
func (s Status) OK() bool { return s.Outcome == Exited && s.Code == 0 }

// Failed reports a failure of the job itself. A job that was stopped did
// neither succeed nor fail.
func (s Status) Failed() bool { return s.Outcome != Stopped && !s.OK() }

// Struck says that a signal may have ended the job that was meant for all of us. Many a program
// that catches one tells it by its exit status.
func (s Status) Struck() bool {
	sig := s.Signal
	const signaled = 128
	switch {
	case s.Outcome == Lost:
		return true
	case s.Outcome == Exited && s.Code > signaled:
		sig = syscall.Signal(s.Code - signaled)
	case s.Outcome != Signaled:
		return false
	}
	switch sig {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGKILL:
		return true
	default:
		return false
	}
}

// String says in a few words how the job ended.
func (s Status) String() string {
	switch s.Outcome {
	case Exited:
		return fmt.Sprintf("exit %d", s.Code)
	case Signaled:
		if s.Err != nil {
			return s.Err.Error()
		}
		return fmt.Sprintf("killed by %s", SignalName(s.Signal))
	case TimedOut:
		return fmt.Sprintf("timed out after %s", s.Limit)
	case Stopped:
		return "stopped"
	case Lost:
		return reason("lost", s.Err)
	case OverMemory:
		return reason("over its memory limit", s.Err)
	default:
		return reason("not started", s.Err)
	}
}

func reason(what string, err error) string {
	if err == nil {
		return what
	}
	return what + ": " + err.Error()
}
