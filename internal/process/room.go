package process

import (
	"errors"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// NoRoom reports whether a process could not be started because the system allows no more of them.
func NoRoom(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM) }

// short is called when there was no room for a process. Fewer Ps need fewer threads, and the runtime should make none
// now.
func (s *Supervisor) short() {
	s.shortOnce.Do(func() { runtime.GOMAXPROCS(min(runtime.GOMAXPROCS(0), fewPs)) })
}

// awaitRoom waits until there may be room for one more process of the job. It returns false when the job is being
// stopped, and when no process of ours has ended for a while: only a job that has all its processes is sure to end.
func (t *Tree) awaitRoom(since *time.Time) bool {
	const often = 20 * time.Millisecond
	t.step(often)
	if now := time.Now(); since.IsZero() || t.sup.anyWaits() {
		*since = now
	}
	return !t.Stopping() && time.Since(*since) < tryFor
}

// anyWaits reports whether a job has all processes that it wants to have now.
func (s *Supervisor) anyWaits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		if t.waits.Load() {
			return true
		}
	}
	return false
}
