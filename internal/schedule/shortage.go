// Shortage: jobs that wait because the system has no room for their processes.

package schedule

import (
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
)

// shortage is a lack of room for processes, of which the system allows a limited number. Jobs that wait for room have a
// slot and a Started, but their time does not run.
type shortage struct {
	told    sync.Once
	turn    chan struct{} // the job that has put something in tries; first come, first served
	ended   chan struct{} // a job has ended while others waited
	waiting atomic.Int64
	running atomic.Int64 // attempts
	last    atomic.Int64 // when a job has ended while others waited, in nanoseconds
}

// A job that finds no room tries again every roomEvery, or when one of ours ends. It gives up when none of ours has run
// for roomGiveUp.
const (
	roomEvery  = 50 * time.Millisecond
	roomGiveUp = time.Second
)

// runAttempt runs the job once. Jobs that wait for room go first.
//
// A Status is passed by its address: copying one a few times more for each job took 2 % of a million jobs that take no
// time.
func (s *scheduler) runAttempt(j *job.Job, out job.Output, st *job.Status) {
	*st = job.Status{Outcome: job.NotStarted, NoRoom: true}
	if s.short.waiting.Load() == 0 {
		if s.runNow(j, out, st); !st.NoRoom {
			return
		}
	}
	if s.short.waiting.Add(1) == 1 {
		s.short.last.Store(time.Now().UnixNano())
	}
	defer s.short.waiting.Add(-1)
	if s.spec.NoRoom != nil && st.Err != nil {
		s.short.told.Do(func() { s.spec.NoRoom(st.Err) })
	}
	for st.NoRoom {
		tryAgain := s.awaitRoom()
		if s.ctx.Err() != nil || s.noMore.Load() {
			*st = job.Status{Outcome: job.Stopped, Unused: true}
			return
		}
		if !tryAgain && st.Err != nil {
			return
		}
		s.runNow(j, out, st)
	}
}

func (s *scheduler) runNow(j *job.Job, out job.Output, st *job.Status) {
	s.short.running.Add(1)
	if s.spec.Timeout > 0 {
		*st = s.runTimed(*j, out)
	} else {
		*st = s.exec.Run(s.ctx, *j, out)
	}
	if st.NoRoom {
		s.short.running.Add(-1)
	}
}

// madeRoom tells a job that waits that another has ended. It comes after finish, so that a stop rule is obeyed by then.
func (s *scheduler) madeRoom(st *job.Status) {
	if st.NoRoom || st.Unused {
		return // it has not run
	}
	if s.short.waiting.Load() > 0 {
		s.short.last.Store(time.Now().UnixNano())
		select {
		case s.short.ended <- struct{}{}:
		default: // there is one for each slot
		}
	}
	s.short.running.Add(-1)
}

// awaitRoom returns when there may be room for one more job, or no more start. It is false when trying again is not
// worth it: nothing of ours, whose end would make room, has run for a while.
func (s *scheduler) awaitRoom() bool {
	select {
	case s.short.turn <- struct{}{}:
		defer func() { <-s.short.turn }()
	case <-s.pacing.Done():
		return false
	}
	often := time.NewTimer(roomEvery)
	defer often.Stop()
	select {
	case <-s.short.ended:
		return true
	case <-often.C:
		return s.short.running.Load() > 0 || time.Now().UnixNano()-s.short.last.Load() < int64(roomGiveUp)
	case <-s.pacing.Done():
		return false
	}
}
