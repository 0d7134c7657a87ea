package schedule

import (
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
)

// shortage is of room for processes, of which the system allows only so many. Jobs that wait for
// it have a slot and have been told of as started, but their time does not run.
type shortage struct {
	told    sync.Once
	turn    chan struct{} // who has put something in asks for room; first come, first served
	ended   chan struct{} // a job has ended while others waited
	waiting atomic.Int64
	running atomic.Int64 // attempts
	last    atomic.Int64 // when a job has ended while others waited, in nanoseconds
}

// How long a job that finds no room waits before it tries again, if none of ours ends before
// that, and how long it does so when none of ours runs.
const (
	roomEvery    = 50 * time.Millisecond
	roomPatience = time.Second
)

// attempt runs the job once, for as long as it is given. Jobs that wait for room go first.
//
// A Status goes from hand to hand by its address: to copy one a few times more for each job took 2 %
// of a million jobs that take no time.
func (s *scheduler) attempt(j *job.Job, out job.Output, st *job.Status) {
	*st = job.Status{Outcome: job.NotStarted, NoRoom: true}
	if s.short.waiting.Load() == 0 {
		if s.attemptNow(j, out, st); !st.NoRoom {
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
		if s.ctx.Err() != nil || s.decided.Load() {
			*st = job.Status{Outcome: job.Stopped, Unused: true}
			return
		}
		if !tryAgain && st.Err != nil {
			return
		}
		s.attemptNow(j, out, st)
	}
}

func (s *scheduler) attemptNow(j *job.Job, out job.Output, st *job.Status) {
	s.short.running.Add(1)
	if s.spec.Timeout > 0 {
		*st = s.timed(*j, out)
	} else {
		*st = s.exec.Run(s.ctx, *j, out)
	}
	if st.NoRoom {
		s.short.running.Add(-1)
	}
}

// madeRoom is called when a job is settled: a stop rule that this brings about is obeyed by then.
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

// awaitRoom returns when there may be room for one more job, or no more start. It is false when
// it is not worth while to try again: nothing of ours, whose end would make room, has run for a while.
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
		return s.short.running.Load() > 0 || time.Now().UnixNano()-s.short.last.Load() < int64(roomPatience)
	case <-s.pacing.Done():
		return false
	}
}
