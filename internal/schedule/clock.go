// The clock of a run, which can be paused.

package schedule

import (
	"sync"
	"time"
)

// Clock is the time of a run: while it is paused, nothing comes due. The zero Clock runs.
type Clock struct {
	mu     sync.Mutex
	paused bool
	alarms map[*Alarm]struct{} // those that have not gone off yet
}

// Alarm is a call that comes due.
type Alarm struct {
	clock *Clock
	call  func()
	due   time.Time     // while the clock runs
	left  time.Duration // while it is paused
	timer *time.Timer   // while the clock runs
}

// AfterFunc calls call, in a goroutine of its own, when the clock has run for d.
func (c *Clock) AfterFunc(d time.Duration, call func()) *Alarm {
	a := &Alarm{clock: c, call: call, left: d}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alarms == nil {
		c.alarms = map[*Alarm]struct{}{}
	}
	c.alarms[a] = struct{}{}
	if !c.paused {
		a.run()
	}
	return a
}

// Pause stops the clock until Resume.
func (c *Clock) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused {
		return
	}
	c.paused = true
	for a := range c.alarms {
		a.timer.Stop()
		a.left = time.Until(a.due)
	}
}

// Resume lets a paused clock run on.
func (c *Clock) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paused {
		return
	}
	c.paused = false
	for a := range c.alarms {
		a.run()
	}
}

func (a *Alarm) run() {
	a.due = time.Now().Add(a.left)
	a.timer = time.AfterFunc(a.left, a.goOff)
}

// goOff is called by the timer, maybe by one that Pause was too late to stop.
func (a *Alarm) goOff() {
	a.clock.mu.Lock()
	_, pending := a.clock.alarms[a]
	if a.clock.paused || !pending || time.Now().Before(a.due) {
		a.clock.mu.Unlock()
		return
	}
	delete(a.clock.alarms, a)
	a.clock.mu.Unlock()
	a.call()
}

// Stop keeps the alarm from going off, if it has not yet.
func (a *Alarm) Stop() {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	if _, pending := a.clock.alarms[a]; !pending {
		return
	}
	delete(a.clock.alarms, a)
	if a.timer != nil {
		a.timer.Stop()
	}
}
