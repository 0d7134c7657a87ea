package schedule

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	for name, tt := range map[string]struct {
		steps func(c *Clock)
		want  time.Duration // when an alarm of ten seconds goes off
	}{
		"runs":                 {func(*Clock) {}, 10 * time.Second},
		"paused":               {func(c *Clock) { time.Sleep(4 * time.Second); c.Pause(); time.Sleep(time.Hour); c.Resume() }, time.Hour + 10*time.Second},
		"paused at once":       {func(c *Clock) { c.Pause(); time.Sleep(time.Minute); c.Resume() }, 70 * time.Second},
		"paused when due":      {func(c *Clock) { time.Sleep(10 * time.Second); c.Pause(); time.Sleep(time.Minute); c.Resume() }, -1}, // either is right
		"paused for no time":   {func(c *Clock) { time.Sleep(time.Second); c.Pause(); c.Resume() }, 10 * time.Second},
		"resumed only":         {func(c *Clock) { c.Resume(); time.Sleep(time.Second); c.Resume() }, 10 * time.Second},
		"paused twice at once": {func(c *Clock) { c.Pause(); time.Sleep(time.Second); c.Pause(); time.Sleep(time.Second); c.Resume() }, 12 * time.Second},
		"paused twice": {func(c *Clock) {
			for range 2 {
				time.Sleep(3 * time.Second)
				c.Pause()
				time.Sleep(time.Minute)
				c.Resume()
				c.Resume()
			}
		}, 130 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c Clock
				began := time.Now()
				off := make(chan time.Duration, 2)
				c.AfterFunc(10*time.Second, func() { off <- time.Since(began) })
				tt.steps(&c)
				if got := <-off; got != tt.want && tt.want >= 0 {
					t.Errorf("after %v, want %v", got, tt.want)
				}
				time.Sleep(time.Hour)
				if len(off) > 0 || len(c.alarms) > 0 {
					t.Errorf("%d times more, %d alarms left", len(off), len(c.alarms))
				}
			})
		})
	}
}

// TestClockStopped: an alarm that was stopped does not go off, whatever the clock does.
func TestClockStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		c.Pause()
		early := c.AfterFunc(time.Second, func() { t.Error("an alarm went off") })
		c.Resume()
		late := c.AfterFunc(time.Second, func() { t.Error("an alarm went off") })
		c.Pause()
		early.Stop()
		c.AfterFunc(0, func() { t.Error("an alarm went off in a pause") }).Stop()
		c.Resume()
		late.Stop()
		late.Stop()
		time.Sleep(time.Minute)
	})
}

// TestClockBusy: with pauses at any moment, each alarm goes off once, and not early.
func TestClockBusy(t *testing.T) {
	var c Clock
	var alarms, pauses sync.WaitGroup
	end := make(chan struct{})
	pauses.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				c.Pause()
				time.Sleep(50 * time.Microsecond)
				c.Resume()
			}
		}
	})
	for range 500 {
		d := time.Duration(rand.IntN(3000)) * time.Microsecond
		began := time.Now()
		alarms.Add(1)
		c.AfterFunc(d, func() {
			if took := time.Since(began); took < d {
				t.Errorf("an alarm of %v went off after %v", d, took)
			}
			alarms.Done() // twice is a panic
		})
	}
	alarms.Wait()
	close(end)
	pauses.Wait()
}

func TestNumbers(t *testing.T) {
	for _, n := range []int{1, 2, 63, 64, 65, 127, 128, 1000} {
		f := newFreeSlots(n)
		for want := 1; want <= n; want++ {
			if got := f.take(); got != want {
				t.Fatalf("of %d: %d, want %d", n, got, want)
			}
		}
		if got := f.take(); got != 0 {
			t.Fatalf("of %d: %d is one too many", n, got)
		}
		taken := rand.New(rand.NewPCG(uint64(n), 0)).Perm(n)[:(n+1)/2]
		lowest := n
		for _, i := range taken {
			f.give(i + 1)
			lowest = min(lowest, i+1)
		}
		if got := f.take(); got != lowest {
			t.Fatalf("of %d: %d is not the lowest, %d", n, got, lowest)
		}
		for range len(taken) - 1 {
			if got := f.take(); got == 0 {
				t.Fatalf("of %d: a number is lost", n)
			}
		}
		if got := f.take(); got != 0 {
			t.Fatalf("of %d: %d is there twice", n, got)
		}
	}
}
