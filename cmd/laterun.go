package cmd

import (
	"sync/atomic"

	"fanout/internal/process"
	"fanout/internal/run"
)

// lateRun forwards signals to a run that may not exist yet, while its first rows are read. It is an [obeyer].
type lateRun struct {
	run    atomic.Pointer[run.Run]
	resort *run.Resort
}

func (l *lateRun) do(what func(*run.Run)) {
	if r := l.run.Load(); r != nil {
		what(r)
	}
}

// KillNow ends the grace.
func (l *lateRun) KillNow() {
	l.resort.Hurry()
	l.do((*run.Run).KillNow)
}

// Suspend stops jobs and clocks.
func (l *lateRun) Suspend() {
	l.resort.Pause()
	l.do((*run.Run).Suspend)
}

// Resume continues jobs and clocks.
func (l *lateRun) Resume() {
	l.do((*run.Run).Resume)
	l.resort.Resume()
}

// TellRunning prints what runs.
func (l *lateRun) TellRunning() { l.do((*run.Run).TellRunning) }

// Drain starts no more jobs. It reports whether there is a run.
func (l *lateRun) Drain() bool {
	r := l.run.Load()
	if r != nil {
		r.Drain()
	}
	return r != nil
}

// SuspendMyself stops this process until it is continued.
func (l *lateRun) SuspendMyself() { process.SuspendMyself() }
