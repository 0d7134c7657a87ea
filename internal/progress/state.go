package progress

import (
	"fmt"
	"time"
)

// state is how far the run is at a moment.
type state struct {
	at      time.Duration // since it began
	done    int64         // also those that an earlier run has done
	skipped int64         // those
	failed  int64
	running int64
	waiting int64
	total   int64 // 0: it is not known
	rate    float64
	left    time.Duration // negative: it is not known
}

// watcher makes states, one after the other.
type watcher struct {
	p    *Progress
	last []sample // at most window of them, a second apart or more
}

type sample struct {
	at   time.Duration
	done int64
}

// window is of how many seconds the rate is.
const window = 30

func (w *watcher) now() state {
	p := w.p
	p.tell()
	s := state{at: time.Since(p.began), failed: p.failed.Load(), total: p.total.Load(), left: -1}
	done := p.done.Load()
	s.running = max(0, p.started.Load()-done)
	if p.sources.Begun != nil {
		if running, waiting, ok := p.sources.Begun(); ok {
			s.running, s.waiting = int64(running), int64(waiting)
		}
	}
	if p.sources.Skipped != nil {
		s.skipped = p.sources.Skipped()
	}
	s.done = done + s.skipped
	s.rate = w.rate(s.at, done)
	if s.total > 0 {
		s.total = max(s.total, s.done)
		if s.rate > 0 {
			s.left = time.Duration(float64(s.total-s.done) / s.rate * float64(time.Second))
		}
	}
	return s
}

// rate is how many jobs ended a second in the last while.
func (w *watcher) rate(at time.Duration, done int64) float64 {
	if len(w.last) == 0 {
		w.last = append(w.last, sample{}) // the beginning
	}
	if at-w.last[len(w.last)-1].at >= time.Second {
		w.last = append(w.last, sample{at, done})
		if len(w.last) > window {
			w.last = w.last[1:]
		}
	}
	from := w.last[0]
	if span := (at - from.at).Seconds(); span > 0 {
		return float64(done-from.done) / span
	}
	return 0
}

// percent is how much is done.
func (s state) percent() int {
	if s.total == 0 {
		return 0
	}
	return int(100 * float64(s.done) / float64(s.total))
}

// clock is a time as short as it can be told: 8s, 1m05s, 2h10m.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 48*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	default:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	}
}
