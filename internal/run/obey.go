package run

import (
	"fmt"
	"strings"
	"time"

	"fanout/internal/execute"
	"fanout/internal/pool"
	"fanout/internal/sink"
	"fanout/internal/text"
)

// KillNow ends the grace of all jobs that are being stopped.
func (r *Run) KillNow() {
	r.sup.KillNow()
	if p := r.pool.Load(); p != nil {
		p.KillNow()
	}
}

// Suspend stops all jobs until Resume, and the clock that timeouts, the deadline and
// retries go by.
func (r *Run) Suspend() {
	r.clock.Pause()
	if !r.eachWorker(suspender.Suspend) {
		r.sup.Suspend()
	}
}

// Resume has all jobs go on.
func (r *Run) Resume() {
	if !r.eachWorker(suspender.Resume) {
		r.sup.Resume()
	}
	r.clock.Resume()
}

// TellRunning says on standard error which jobs run.
//
// Who has sent the signal may not read it, and it is not to keep others from being obeyed.
func (r *Run) TellRunning() {
	if r.io.Say.Full() {
		return
	}
	if p := r.pool.Load(); p != nil {
		_, waiting := p.Counts()
		r.io.Say.Hasty().Write(tellWorkers(p.Running(), waiting))
		return
	}
	var running []execute.Running
	if r.local != nil {
		running = r.local.Running()
	}
	_, waiting, _ := r.begun()
	var b strings.Builder
	b.WriteString(runningLine(len(running), waiting))
	for _, now := range running {
		text.Line(&b, "  %s, pid %d, for %s", sink.Describe(now.Job), now.Pid, now.For.Round(100*time.Millisecond))
	}
	r.io.Say.Hasty().Write([]byte(b.String()))
}

// tellWorkers is what TellRunning says of jobs that run in workers.
func tellWorkers(running []pool.Running, waiting int) []byte {
	var b strings.Builder
	b.WriteString(runningLine(len(running), waiting))
	for _, now := range running {
		text.Line(&b, "  %s, %s, for %s", sink.Describe(now.Job), at(now.Host, fmt.Sprintf("worker %d", now.Worker)), now.For.Round(100*time.Millisecond))
	}
	return []byte(b.String())
}

// runningLine is the first line of what TellRunning says.
func runningLine(running, waiting int) string {
	if waiting > 0 {
		return text.Sprint("running: %d, waiting: %d", running, waiting)
	}
	return text.Sprint("running: %d", running)
}
