package worker

import (
	"fmt"
	"time"
)

// ping asks whether the worker is there. The time of one ping is taken at a time.
func (c *client) ping() {
	c.asked.CompareAndSwap(0, time.Now().UnixNano())
	c.tell(kindPing, nil)
}

// pong handles the answer. The first one says that a worker on another machine can work.
func (c *client) pong() {
	if asked := c.asked.Swap(0); asked != 0 && c.isReady {
		c.worker.Latency(time.Since(time.Unix(0, asked)))
	}
	if !c.isReady && c.setup.Remote != nil {
		c.isReady = true
		close(c.ready)
		c.ping() // to measure the latency
	}
}

// probe adds a ping to the jobs that go out, from time to time: a connection can be quick by itself and slow when it
// has work. With small packets, srun's took 50 to 100 ms, and 10,000 × true took 35 s in place of 6 until that was
// seen.
func (c *client) probe() {
	const often = 100 * time.Millisecond
	now := time.Now().UnixNano()
	if now-c.probed.Load() < int64(often) {
		return
	}
	c.probed.Store(now)
	if c.asked.CompareAndSwap(0, now) {
		c.send(kindPing, nil)
	}
}

// awaitWord gives up a worker that stays silent for Patience.Cancel. It counts looks, so that a time in which the
// runner itself was stopped counts as one of them.
func (c *client) awaitWord(words int64) {
	const looks = 20
	tick := time.NewTicker(c.patience.Cancel / looks)
	defer tick.Stop()
	for missed := 0; missed < looks; {
		select {
		case <-tick.C:
		case <-c.dead:
			return
		}
		if c.words.Load() != words {
			return
		}
		if !c.paused.Load() {
			missed++
		}
	}
	c.giveUp(c.patience.Cancel)
}

// giveUp kills a worker that has been silent for this long.
func (c *client) giveUp(after time.Duration) {
	c.silent.CompareAndSwap(0, int64(after))
	c.link.Kill()
}

// warnAfter is after how many silent beats the user is warned.
const warnAfter = 2

// beat pings the worker, and gives it up when it misses too many beats. A time in which the runner itself was stopped
// counts as one beat.
func (c *client) beat() {
	tick := time.NewTicker(c.patience.Beat)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-tick.C:
		case <-c.dead:
			return
		}
		if c.heard.Swap(false) || c.paused.Load() {
			missed = 0
		} else if missed++; missed > c.patience.Missed {
			c.giveUp(c.patience.Beat * time.Duration(c.patience.Missed))
			return
		} else if missed == warnAfter && c.warn != nil {
			c.warn(fmt.Sprintf("worker %d: no answer for %v; fanout gives it up after %v",
				c.worker.Number, c.patience.Beat*warnAfter, c.patience.Beat*time.Duration(c.patience.Missed)))
		}
		c.ping()
	}
}
