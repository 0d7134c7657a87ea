package worker

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"fanout/internal/job"
)

// held holds back the outcomes of jobs that have ended well, until it is sure that no signal to all processes of this
// machine has cut them short. If such a signal comes, or the connection is lost, the worker does not report them: the
// runner takes them for lost. Their slots are free meanwhile, and the runner knows.
type held struct {
	on bool

	mu     sync.Mutex // guards the rest
	jobs   []heldJob  // in the order of their ends
	timer  *time.Timer
	all    bool      // all jobs of the run have ended: these need not wait for as long
	struck time.Time // when a signal that may have been sent to all last ended a job
	over   bool
}

type heldJob struct {
	id uint64
	st job.Status
	at time.Time // of its end
}

// due returns when a job's outcome is sure.
func (h *held) due(j *heldJob) time.Time {
	if h.all && j.at.Sub(h.struck) > job.Doubt {
		return j.at.Add(j.st.Moment())
	}
	return j.at.Add(job.Doubt)
}

// note takes the outcome of a job that is not held.
func (h *held) note(st job.Status) {
	if h.on && st.Struck() {
		h.mu.Lock()
		h.struck = time.Now()
		h.mu.Unlock()
	}
}

// hold reports that a job has ended. Its outcome follows when it is sure.
func (s *server) hold(id uint64, st job.Status) {
	s.send(kindEnded, func(b []byte) []byte { return binary.AppendUvarint(b, id) })
	h := &s.held
	h.mu.Lock()
	defer h.mu.Unlock()
	h.jobs = append(h.jobs, heldJob{id, st, time.Now()})
	h.all = false
	if len(h.jobs) == 1 {
		s.arm(job.Doubt)
	}
}

// arm calls release after this time. The lock is held.
func (s *server) arm(wait time.Duration) {
	h := &s.held
	if h.over {
		return
	}
	s.disarm()
	s.ending.Add(1)
	h.timer = time.AfterFunc(wait, func() {
		defer s.ending.Done()
		s.release()
	})
}

// disarm stops the timer. The lock is held.
func (s *server) disarm() {
	if h := &s.held; h.timer != nil && h.timer.Stop() {
		s.ending.Done()
	}
}

// release reports the outcomes that are sure by now.
func (s *server) release() {
	h := &s.held
	h.mu.Lock()
	now := time.Now()
	n := 0
	for ; n < len(h.jobs) && (h.over || !h.due(&h.jobs[n]).After(now)); n++ {
		j := &h.jobs[n]
		j.st.Ago = now.Sub(j.at)
		s.send(kindDone, func(b []byte) []byte { return appendStatus(binary.AppendUvarint(b, j.id), j.st) })
	}
	h.jobs = slices.Delete(h.jobs, 0, n)
	if len(h.jobs) > 0 {
		wait := h.due(&h.jobs[0]).Sub(now)
		const together = 20 * time.Millisecond
		if !h.all {
			wait = max(wait, together) // for jobs that end soon after it
		}
		s.arm(wait)
	}
	h.mu.Unlock()
	s.flush()
}

// settle handles kindSettle.
func (s *server) settle() {
	s.held.mu.Lock()
	s.held.all = true
	s.held.mu.Unlock()
	s.release()
}

// releaseAll reports all outcomes at the end, when the runner has dismissed the worker or is gone.
func (s *server) releaseAll() {
	s.held.mu.Lock()
	s.held.over = true
	s.disarm()
	s.held.mu.Unlock()
	s.release()
}

// sayEnding tells the runner why this worker ends, if it can be told soon: jobs that are not done by then are in doubt.
func (s *server) sayEnding(why error) {
	if !s.held.on {
		return
	}
	const moment = 100 * time.Millisecond
	if w, ok := s.to.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		w.SetWriteDeadline(time.Now().Add(moment))
	}
	s.send(kindEnding, func(b []byte) []byte { return append(b, why.Error()...) })
	s.flush()
}
