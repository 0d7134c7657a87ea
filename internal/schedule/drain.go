// A drain: running jobs finish, no more start, and what is left is counted.

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

// Drained is the error of a drained run that has left items.
type Drained struct {
	Left int64 // items for which no job has begun
	More bool  // the input has not ended: more items may be left
}

func (e *Drained) Error() string {
	switch {
	case e.More && e.Left == 0:
		return "drained: the input has not ended, and items may be left"
	case e.More:
		return fmt.Sprintf("drained: at least %d items are left, and the input has not ended", e.Left)
	case e.Left == 1:
		return "drained: 1 item is left"
	default:
		return fmt.Sprintf("drained: %d items are left", e.Left)
	}
}

// countTime is how long a drained run whose jobs have ended goes on to count what is left: an input may never end.
const countTime = time.Second

// drain is the part of a scheduler that drains a run.
type drain struct {
	asked    bool
	idle     chan struct{} // closed when all jobs that were pulled have ended
	ended    int64         // jobs that were pulled and have ended for good
	left     int64         // items of jobs that have not begun
	watching sync.WaitGroup
}

// watchDrain obeys Spec.Drain until the function that it returns is called.
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
		case <-time.After(countTime):
		case <-s.ctx.Done():
		}
	})
	return func() {
		close(over)
		s.drain.watching.Wait()
	}
}

// startNoMore forbids that more jobs start.
func (s *scheduler) startNoMore() {
	s.mu.Lock()
	s.noMore.Store(true)
	s.drain.asked = true
	s.drain.idle = make(chan struct{})
	s.closeIdle()
	s.mu.Unlock()
	s.stopPacing()
	s.abandonAll()
	if s.pool != nil {
		s.pool.Halt()
	}
}

// countLeft pulls what is left and counts it, once the slot that has the turn has got its item or the end of the input.
// It does not block on the lock: simulated time would stand still.
func (s *scheduler) countLeft() {
	for !s.turn.TryLock() {
		time.Sleep(10 * time.Millisecond)
	}
	defer s.turn.Unlock()
	for !s.awaitFewer() {
		j, err, ok := s.next()
		s.countPulled(j, err, ok)
	}
}

// countPulled counts what was pulled after a drain was asked for. It is called with the turn.
func (s *scheduler) countPulled(j job.Job, err error, ok bool) {
	if err == nil && ok {
		s.mu.Lock()
		s.drain.left += int64(len(j.Items))
		s.mu.Unlock()
		return
	}
	if errors.Is(context.Cause(s.pulling), errDrained) {
		err = nil // the counting has ended, not the input
	}
	s.end(err)
}

// draining reports whether a drain was asked for.
func (s *scheduler) draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drain.asked
}

// countEnded counts a job that has ended for good. It is called with the lock held.
func (s *scheduler) countEnded(j *job.Job, st *job.Status) {
	s.drain.ended++
	if s.drain.asked {
		if st.Unused {
			s.drain.left += int64(len(j.Items))
		}
		s.closeIdle()
	}
}

// closeIdle closes idle once all jobs have ended. It is called with the lock held.
func (s *scheduler) closeIdle() {
	select {
	case <-s.drain.idle:
	default:
		if s.drain.ended == s.pulled.Load() {
			close(s.drain.idle)
		}
	}
}

// drained returns the error of a drained run: nil when nothing is left. It is called with the lock held.
func (s *scheduler) drained() error {
	if s.drain.left == 0 && s.allPulled {
		return nil
	}
	return &Drained{Left: s.drain.left, More: !s.allPulled}
}
