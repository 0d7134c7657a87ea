package cmd

import (
	"syscall"

	"fanout/internal/run"
)

// obeyer is a run that signals tell what to do.
type obeyer interface {
	KillNow()       // ends the grace of jobs that are being stopped
	Drain() bool    // lets running jobs end and starts no more; false if nothing runs yet
	Suspend()       // stops the processes and the clocks of all jobs
	Resume()        // lets them continue
	TellRunning()   // prints what runs to standard error
	SuspendMyself() // stops this process until it is continued
}

// runSignals is the receiver of a run.
type runSignals struct {
	*listener
	run    obeyer
	drains int // signals that drain the run, so far: the second stops it
}

func (s *runSignals) own(sig syscall.Signal, alone bool) {
	switch {
	case sig == syscall.SIGCONT:
		s.run.Resume()
	case alone:
		s.reported(sig)
	case stops(sig):
		s.cancel(&SignalError{sig})
	}
}

func (s *runSignals) reported(sig syscall.Signal) {
	switch sig {
	case syscall.SIGTSTP:
		s.run.Suspend()
		s.run.SuspendMyself()
	case syscall.SIGUSR1:
		s.run.TellRunning()
	case syscall.SIGUSR2:
		s.drain()
	default:
		s.end(sig)
	}
}

// end stops the run, and kills its jobs when it is told again.
func (s *runSignals) end(sig syscall.Signal) {
	first := s.stop()
	s.cancel(&SignalError{sig})
	if !first {
		s.run.KillNow()
	}
}

// drain lets running jobs end the first time; then it is as TERM.
func (s *runSignals) drain() {
	s.drains++
	if s.drains > 1 {
		s.end(syscall.SIGTERM)
	} else if !s.run.Drain() {
		s.cancel(run.Undone())
	}
}
