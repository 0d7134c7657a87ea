package run

import (
	"fmt"
	"io"
	"strings"
	"time"

	"fanout/internal/execute"
	"fanout/internal/pool"
	"fanout/internal/say"
	"fanout/internal/sink"
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
func (r *Run) TellRunning() {
	if p := r.pool.Load(); p != nil {
		_, waiting := p.Counts()
		tellWorkers(r.io.Stderr, p.Running(), waiting)
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
		say.Line(&b, "  %s, pid %d, for %s", sink.Describe(now.Job), now.Pid, now.For.Round(100*time.Millisecond))
	}
	io.WriteString(r.io.Stderr, b.String())
}

// tellWorkers is TellRunning for jobs that run in workers.
func tellWorkers(w io.Writer, running []pool.Running, waiting int) {
	var b strings.Builder
	b.WriteString(runningLine(len(running), waiting))
	for _, now := range running {
		say.Line(&b, "  %s, %s, for %s", sink.Describe(now.Job), at(now.Host, fmt.Sprintf("worker %d", now.Worker)), now.For.Round(100*time.Millisecond))
	}
	io.WriteString(w, b.String())
}

// runningLine is the first line of what TellRunning says.
func runningLine(running, waiting int) string {
	if waiting > 0 {
		return say.Sprint("running: %d, waiting: %d", running, waiting)
	}
	return say.Sprint("running: %d", running)
}
