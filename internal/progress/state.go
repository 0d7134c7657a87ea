// The numbers of one look at the run.

package progress

import "time"

// state says how far the run is at a moment.
type state struct {
	elapsed time.Duration
	done    int64 // with those that an earlier run has done
	skipped int64 // jobs that an earlier run has done
	failed  int64
	running int64
	waiting int64
	total   int64         // 0: not known
	rate    float64       // jobs a second
	left    time.Duration // negative: not known
}

// watcher makes states, one after the other.
type watcher struct {
	p    *Progress
	last []sample // at most window of them, a second apart or more
}

// sample is how many jobs were done at a time.
type sample struct {
	at   time.Duration
	done int64
}

// window is how many seconds the rate looks back.
const window = 30

// now looks at the run.
func (w *watcher) now() state {
	p := w.p
	p.flush()
	s := state{elapsed: time.Since(p.began), failed: p.failed.Load(), total: p.total.Load(), left: -1}
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
	s.rate = w.rate(s.elapsed, done)
	if s.total > 0 {
		s.total = max(s.total, s.done)
		if s.rate > 0 {
			s.left = time.Duration(float64(s.total-s.done) / s.rate * float64(time.Second))
		}
	}
	return s
}

// rate returns how many jobs ended a second in the last window.
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

// percent returns how much is done.
func (s state) percent() int {
	if s.total == 0 {
		return 0
	}
	return int(100 * float64(s.done) / float64(s.total))
}
