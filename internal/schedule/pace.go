// Pace: how fast attempts may start.

package schedule

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

func limiters(spec Spec) []*rate.Limiter {
	var limits []*rate.Limiter
	if spec.Delay > 0 {
		limits = append(limits, rate.NewLimiter(rate.Every(spec.Delay), 1))
	}
	if spec.Rate > 0 {
		// Timers are coarser than high rates: ten milliseconds' worth may be caught up.
		limits = append(limits, rate.NewLimiter(rate.Limit(spec.Rate), max(1, int(spec.Rate/100))))
	}
	return limits
}

// pace waits until another attempt may start.
func (s *scheduler) pace() {
	for _, l := range s.limits {
		pause(s.pacing, l.Reserve().Delay())
	}
}

// pause waits, but not longer than ctx: the job is pulled by then, and is done as stopped. Limiter.Wait would not wait
// at all for what is after ctx's deadline.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
