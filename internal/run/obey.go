package run

import (
	"fmt"
	"io"
	"strings"
	"time"

	"fanout/internal/job"
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

// Suspend stops all jobs until Resume, and the clock of timeouts, the deadline and retries.
func (r *Run) Suspend() {
	r.clock.Pause()
	if !r.eachWorker(suspender.Suspend) {
		r.sup.Suspend()
	}
}

// Resume lets all jobs continue.
func (r *Run) Resume() {
	if !r.eachWorker(suspender.Resume) {
		r.sup.Resume()
	}
	r.clock.Resume()
}

// TellRunning prints on standard error which jobs run.
//
// Nobody may read that, and other signals must not wait for it.
func (r *Run) TellRunning() {
	if r.io.Say.Full() {
		return
	}
	_, waiting, _ := r.begun()
	io.WriteString(r.io.Say.Hasty(), tellRunning(r.running(), waiting))
}

// tellRunning returns what TellRunning prints.
func tellRunning(running []job.Running, waiting int) string {
	var b strings.Builder
	if waiting > 0 {
		text.Line(&b, "running: %d, waiting: %d", len(running), waiting)
	} else {
		text.Line(&b, "running: %d", len(running))
	}
	for _, now := range running {
		where := fmt.Sprintf("pid %d", now.Pid)
		if now.Worker > 0 {
			where = at(now.Host, fmt.Sprintf("worker %d", now.Worker))
		}
		text.Line(&b, "  %s, %s, for %s", sink.Describe(now.Job), where, now.For.Round(100*time.Millisecond))
	}
	return b.String()
}
