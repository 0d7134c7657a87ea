package run

import (
	"strings"
	"sync"
	"time"

	"fanout/internal/schedule"
)

// Resort is the last resort of a process that was told to stop and does not end: it says what the process waits for,
// ends what it can, and then the process itself. All waits of fanout's own obey a stop by themselves; but a disk may be
// on a server that is gone, a process may survive KILL, and a program may have faults.
//
// It acts when the grace and two seconds have passed since the stop, and nothing has moved for a second. While
// something moves, as on a busy machine or with a slow reader, it acts ten seconds after the grace.
//
// Its clock stands still while the run is suspended. A nil Resort does nothing.
type Resort struct {
	say func(text string)
	end func(cause error) // is called once, at the end

	clock schedule.Clock

	mu      sync.Mutex // guards these
	grace   time.Duration
	extra   time.Duration // for what ends on other machines
	cause   error         // of the stop; nil: there was none
	active  []Activity
	elapsed time.Duration // since the stop
	moved   int64
	still   time.Duration // how long nothing has moved
	said    bool
	over    bool
	alarm   *schedule.Alarm
}

// Activity is something that goes on in this process. Its methods must not wait for what may be stuck.
type Activity interface {
	Waits() []string // what it waits for, in plain words
	Moved() int64    // changes when something moves
	Abort()          // ends what can be ended, at once
}

// The times of a Resort.
const (
	resortAfter = 2 * time.Second        // after the end of the grace
	resortStill = time.Second            // without any move
	resortMost  = 10 * time.Second       // with moves
	resortLook  = 100 * time.Millisecond // between two looks
	abortMost   = time.Second            // for what is ended to end
)

// NewResort makes a Resort that prints by say, and at last calls end.
func NewResort(say func(text string), end func(cause error)) *Resort {
	return &Resort{say: say, end: end}
}

// Allow sets how long jobs have to end, and how much longer other machines may take.
func (r *Resort) Allow(grace, extra time.Duration) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grace, r.extra = grace, extra
}

// Watch adds an activity, until the function that it returns is called.
func (r *Resort) Watch(a Activity) (done func()) {
	if r == nil {
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active = append(r.active, a)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, other := range r.active {
			if other == a {
				r.active = append(r.active[:i:i], r.active[i+1:]...)
				return
			}
		}
	}
}

// Stop starts its clock: a stop was asked for. Only the first one counts.
func (r *Resort) Stop(cause error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cause != nil || r.over {
		return
	}
	r.cause = cause
	r.alarm = r.clock.AfterFunc(resortLook, r.look)
}

// Hurry ends the grace.
func (r *Resort) Hurry() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grace, r.extra = min(r.grace, r.elapsed), 0
}

// Pause stops its clock.
func (r *Resort) Pause() { r.clock.Pause() }

// Resume lets it run again.
func (r *Resort) Resume() { r.clock.Resume() }

// Close ends the Resort: the process ends by itself, or the stop did not happen.
func (r *Resort) Close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	if r.alarm != nil {
		r.alarm.Stop()
	}
}

// look is called at intervals from the stop on.
func (r *Resort) look() {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	r.elapsed += resortLook
	r.still += resortLook
	if moved := r.sum(); moved != r.moved {
		r.moved, r.still = moved, 0
	}
	late := r.elapsed - r.grace - resortAfter
	due := late >= 0 && r.still >= resortStill || late >= resortMost
	tell, end := due && !r.said, due && late >= r.extra
	r.said = r.said || due
	active, cause := r.active, r.cause
	if !end {
		r.alarm = r.clock.AfterFunc(resortLook, r.look)
	}
	r.mu.Unlock()
	if tell {
		r.tell(active)
	}
	if !end {
		return
	}
	r.abort(active)
	r.mu.Lock()
	over := r.over
	r.over = true
	r.mu.Unlock()
	if !over {
		r.end(cause)
	}
}

func (r *Resort) sum() (moved int64) {
	for _, a := range r.active {
		moved += a.Moved()
	}
	return moved
}

// tell prints what the activities wait for. It does not wait for an activity that is stuck.
func (r *Resort) tell(active []Activity) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		var waits []string
		for _, a := range active {
			waits = append(waits, a.Waits()...)
		}
		if len(waits) == 0 {
			waits = []string{"its own end"}
		}
		r.say("still waiting for: " + strings.Join(waits, "; "))
	}()
	select {
	case <-told:
	case <-time.After(resortLook):
	}
}

// abort ends what can be ended, and gives this process a moment to end by itself.
func (r *Resort) abort(active []Activity) {
	for _, a := range active {
		go a.Abort() // it may get stuck, too
	}
	for range int(abortMost / resortLook) {
		time.Sleep(resortLook)
		r.mu.Lock()
		over := r.over
		r.mu.Unlock()
		if over {
			return
		}
	}
}
