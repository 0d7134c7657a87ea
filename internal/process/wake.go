package process

import "sync"

// waker interrupts a Tree's poll. signal may be called from any goroutine, also after the Tree was closed: a context's
// function may be under way by then, and without the lock would write to a descriptor that belongs to somebody else by
// now.
type waker struct {
	bell

	mu     sync.Mutex
	closed bool
}

func newWaker() (*waker, error) {
	b, err := newBell()
	return &waker{bell: b}, err
}

func (w *waker) signal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.ring()
	}
}

func (w *waker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.bell.close()
}
