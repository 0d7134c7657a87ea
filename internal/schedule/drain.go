package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"fanout/internal/job"
)

// errDrained ends the wait for input that is only counted.
var errDrained = errors.New("the run is drained")

// Drained is how a run ended that was to start no more, when items are left.
type Drained struct {
	Left int64 // items that no job has had
	More bool  // the input has not ended: there may be more of them
}

func (e *Drained) Error() string {
	switch {
	case e.More && e.Left == 0:
		return "drained: the input has not ended, so that items may be left"
	case e.More:
		return fmt.Sprintf("drained: at least %d items are left, and the input has not ended", e.Left)
	case e.Left == 1:
		return "drained: 1 item is left"
	default:
		return fmt.Sprintf("drained: %d items are left", e.Left)
	}
}

// countPatience is how long a drained run whose jobs have ended goes on to count what is left: an
// input may never end.
const countPatience = time.Second

// drain is the part of a scheduler that ends a run in peace: what runs may end, and what is left
// is counted.
type drain struct {
	asked    bool
	idle     chan struct{} // closed when all jobs that were pulled have ended since
	ended    int64         // jobs that were pulled and have ended for good
	left     int64         // items of jobs that were not begun
	watching sync.WaitGroup
}

// watchDrain has the scheduler obey Spec.Drain until the function that it returns is called.
func (s *scheduler) watchDrain() (end func()) {
	if s.spec.Drain == nil {
		return func() {}
	}
	over := make(chan struct{})
	s.drain.watching.Go(func() {
		select {
		case <-s.spec.Drain:
		case <-over:
			return
		}
		s.startNoMore()
		counted := make(chan struct{})
		s.drain.watching.Go(func() {
			defer close(counted)
			s.countLeft()
		})
		defer s.stopPulling(errDrained)
		select {
		case <-s.drain.idle:
		case <-s.ctx.Done():
		}
		select {
		case <-counted:
		case <-time.After(countPatience):
		case <-s.ctx.Done():
		}
	})
	return func() {
		close(over)
		s.drain.watching.Wait()
	}
}

// startNoMore decides that no job starts any more.
func (s *scheduler) startNoMore() {
	s.mu.Lock()
	s.decided.Store(true)
	s.drain.asked = true
	s.drain.idle = make(chan struct{})
	s.lookIdle()
	s.mu.Unlock()
	s.stopPacing()
	s.abandon()
	if s.pool != nil {
		s.pool.Halt()
	}
}

// countLeft pulls what is left and counts it, when the slot that has the turn has its item or
// the end of the input. It does not wait for the lock: simulated time stands still then.
func (s *scheduler) countLeft() {
	for !s.turn.TryLock() {
		time.Sleep(10 * time.Millisecond)
	}
	defer s.turn.Unlock()
	for !s.over() {
		j, err, ok := s.next()
		s.pulledLate(j, err, ok)
	}
}

// pulledLate takes what was pulled after a drain was asked for. The lock of the turn is held.
func (s *scheduler) pulledLate(j job.Job, err error, ok bool) {
	if err == nil && ok {
		s.mu.Lock()
		s.drain.left += int64(len(j.Items))
		s.mu.Unlock()
		return
	}
	if errors.Is(context.Cause(s.pulling), errDrained) {
		err = nil // the end of the counting, not of the input
	}
	s.end(err)
}

// drains says that no more jobs are to start since a drain was asked for.
func (s *scheduler) drains() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drain.asked
}

// settled counts a job that has ended for good. It is called with the lock held.
func (s *scheduler) settled(j *job.Job, st *job.Status) {
	s.drain.ended++
	if s.drain.asked {
		if st.Unused {
			s.drain.left += int64(len(j.Items))
		}
		s.lookIdle()
	}
}

// lookIdle is called with the lock held.
func (s *scheduler) lookIdle() {
	select {
	case <-s.drain.idle:
	default:
		if s.drain.ended == s.pulled.Load() {
			close(s.drain.idle)
		}
	}
}

// drained is the outcome of a run that was to start no more: nil when nothing is left. It is called
// with the lock held.
func (s *scheduler) drained() error {
	if s.drain.left == 0 && s.emptied {
		return nil
	}
	return &Drained{Left: s.drain.left, More: !s.emptied}
}
