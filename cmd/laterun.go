package cmd

import (
	"sync/atomic"

	"fanout/internal/process"
	"fanout/internal/run"
)

// lateRun is a run that signals may come before, while its first rows are waited for.
type lateRun struct {
	run    atomic.Pointer[run.Run]
	resort *run.Resort
}

func (l *lateRun) do(what func(*run.Run)) {
	if r := l.run.Load(); r != nil {
		what(r)
	}
}

// KillNow is part of obeyer.
func (l *lateRun) KillNow() {
	l.resort.Hurry()
	l.do((*run.Run).KillNow)
}

// Suspend is part of obeyer.
func (l *lateRun) Suspend() {
	l.resort.Pause()
	l.do((*run.Run).Suspend)
}

// Resume is part of obeyer.
func (l *lateRun) Resume() {
	l.do((*run.Run).Resume)
	l.resort.Resume()
}

// TellRunning is part of obeyer.
func (l *lateRun) TellRunning() { l.do((*run.Run).TellRunning) }

// Drain is part of obeyer.
func (l *lateRun) Drain() bool {
	r := l.run.Load()
	if r != nil {
		r.Drain()
	}
	return r != nil
}

// SuspendMyself is part of obeyer.
func (l *lateRun) SuspendMyself() { process.SuspendMyself() }
