package job

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Outcome is how a job ended. Each job has exactly one.
type Outcome uint8

// The outcomes of a job.
const (
	Exited        Outcome = iota // it ran and ended by itself; Code says how well
	Signaled                     // a signal that fanout did not send ended it
	TimedOut                     // it ran for longer than its timeout
	Stopped                      // a stop rule or a signal to fanout ended it, or kept it from starting
	NotFound                     // there is no such program
	NotExecutable                // the program exists, but cannot be run
	NotStarted                   // its items or the system did not allow a start; Err says why
	Lost                         // its worker died, and how it ended is unknown
	OverMemory                   // it used more memory than its limit; Err says how much

	NumOutcomes = iota
)

// outcomeNames are the names of outcomes in all records and reports.
var outcomeNames = [NumOutcomes]string{
	Exited:        "exited",
	Signaled:      "signaled",
	TimedOut:      "timed_out",
	Stopped:       "stopped",
	NotFound:      "not_found",
	NotExecutable: "not_executable",
	NotStarted:    "not_started",
	Lost:          "lost",
	OverMemory:    "over_memory",
}

// String returns the name of an outcome in records.
func (o Outcome) String() string { return outcomeNames[o] }

// ParseOutcome returns the outcome with a name of String's.
func ParseOutcome(name string) (o Outcome, ok bool) {
	i := slices.Index(outcomeNames[:], name)
	return Outcome(max(i, 0)), i >= 0
}

// Doubt is how long a success stays in doubt: a signal that is meant for all of fanout may reach a job's processes that
// much earlier than fanout's own.
const Doubt = 250 * time.Millisecond

// Status tells how a job ended, and what it cost.
type Status struct {
	Outcome Outcome
	Unused  bool           // it is Stopped and never began
	NoRoom  bool           // it is NotStarted because the system has no room for one more process, and did nothing
	Held    bool           // a leftover still held its output when it ended
	Code    int            // exit status, of one that Exited
	Signal  syscall.Signal // of one that was Signaled
	Limit   time.Duration  // of one that TimedOut
	Err     error          // the cause: of NotFound, NotExecutable, NotStarted, Lost and OverMemory, and of some Signaled
	Ago     time.Duration  // how long a worker has known it
	Worker  int            // the number of the worker that ran it, or else of the slot; 0: none did
	Program int            // the persistent program that answered, counted from 1 over all runs of a journal; 0: none
	Host    string         // the machine that it ran on; "": this one
	Usage   Usage
}

// Usage is what a job cost: its processes, and the descendants that they waited for.
type Usage struct {
	Wall, User, System time.Duration
	MaxRSS             int64 // bytes; never below fanout's own peak when it forked the job
}

// Moment returns how long a run that could end waits for a success to be sure. That is less than Doubt for a short job:
// the longer a job took, the more is lost when it has to run again.
func (s Status) Moment() time.Duration {
	const share = 40
	return min(Doubt, s.Usage.Wall/share)
}

// OK reports success: the job ran and its exit status was 0.
func (s Status) OK() bool { return s.Outcome == Exited && s.Code == 0 }

// Failed reports a failure of the job itself. A job that was stopped neither succeeded nor failed.
func (s Status) Failed() bool { return s.Outcome != Stopped && !s.OK() }

// Struck reports whether a signal that was meant for all of fanout may have ended the job. Many programs that catch such
// a signal tell so by their exit status.
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

// String says in a few words how the job ended, for people.
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
	case NotFound:
		return reason("not found", s.Err, ": command not found")
	case NotExecutable:
		return reason("not executable", s.Err, ": cannot be executed")
	default:
		return reason("not started", s.Err)
	}
}

// reason joins an outcome and its cause. What of the cause says the outcome once more is left out: its last mention, as
// the program's name may hold the same words.
func reason(what string, err error, again ...string) string {
	if err == nil {
		return what
	}
	cause := err.Error()
	for _, part := range again {
		if i := strings.LastIndex(cause, part); i >= 0 {
			cause = cause[:i] + cause[i+len(part):]
		}
	}
	return what + ": " + cause
}
