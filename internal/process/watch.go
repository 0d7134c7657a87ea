package process

import (
	"time"
	"unsafe"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// alive reports whether the pipeline has not ended.
func (t *Tree) alive() bool {
	for i := range t.children {
		if !t.children[i].gone {
			return true
		}
	}
	for i := range t.feeds {
		if t.feeds[i].owed && t.feeds[i].fd >= 0 && t.stage == running {
			return true
		}
	}
	return false
}

// capturing reports whether one of the job's outputs has not ended.
func (t *Tree) capturing() bool {
	return t.captures[0].read >= 0 || t.captures[1].read >= 0
}

// stepTime returns how long a step may wait for something to happen.
func (t *Tree) stepTime() time.Duration {
	switch {
	case t.stage == terminated:
		return max(0, time.Until(t.killAt))
	case t.sup.watchesMemory():
		return min(memoryEvery, lookEvery)
	case t.sup.terminal:
		return lookEvery
	default:
		return forever
	}
}

const forever time.Duration = -1

// AwaitStop waits until the job is stopped, when no process of it runs, and reports whether it was.
func (t *Tree) AwaitStop(most time.Duration) bool {
	for end := time.Now().Add(most); !t.Stopping(); {
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		t.step(left)
	}
	if t.stage != running {
		t.awaitRest()
	}
	return true
}

// step waits until something happens to the job, at most for that long, and deals with it. It reports whether output
// moved or ended.
func (t *Tree) step(wait time.Duration) (moved bool) {
	t.escalate()
	t.watchAll()
	n, err := sysio.Poll(t.polls, pollTimeout(wait))
	if err != nil || n == 0 {
		if err == nil {
			t.captures[0].owed, t.captures[1].owed = 0, 0
		}
		t.escalate()
		return false
	}
	polls := t.polls
	if polls[0].Revents != 0 {
		t.wake.clear()
		t.escalate()
	}
	polls = polls[1:]
	for i := range t.captures {
		switch got := polls[i].Revents; {
		case got&unix.POLLIN != 0:
			t.captures[i].move()
			moved = true
		case got != 0:
			t.captures[i].end()
			moved = true
		default:
			t.captures[i].owed = 0 // a process of the job has read it
		}
	}
	polls = polls[len(t.captures):]
	for i := range t.feeds {
		if polls[i].Revents != 0 {
			t.feeds[i].move()
		}
	}
	polls = polls[len(t.feeds):]
	for i := range t.children {
		c := &t.children[i]
		c.gone = c.gone || polls[i].Revents != 0 || c.hasExited()
	}
	return moved
}

// watchAll lists what to wait for, in the order in which step handles it: the wake descriptor, the captures, the feeds,
// the processes. poll ignores a negative descriptor.
func (t *Tree) watchAll() {
	t.polls = append(t.polls[:0], unix.PollFd{Fd: int32(t.wake.fd()), Events: unix.POLLIN})
	for i := range t.captures {
		t.polls = append(t.polls, unix.PollFd{Fd: int32(t.captures[i].read), Events: unix.POLLIN})
	}
	for i := range t.feeds {
		t.polls = append(t.polls, unix.PollFd{Fd: int32(t.feeds[i].fd), Events: unix.POLLOUT})
	}
	for i := range t.children {
		fd := t.children[i].pidfd
		if t.children[i].gone {
			fd = -1
		}
		t.polls = append(t.polls, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
}

// hasExited is for systems without pidfds.
func (c *child) hasExited() bool {
	select {
	case <-c.exited:
		return true
	default: // also when there is no channel
		return false
	}
}

// pollTimeout rounds up, so that a step does not spin through the last millisecond.
func pollTimeout(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return int((d + time.Millisecond - 1) / time.Millisecond)
}

// stringBytes returns s for reading, without a copy: a batch for stdin may be large.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
