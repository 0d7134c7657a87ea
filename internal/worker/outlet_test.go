package worker

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestCreditWakes gives credit before, between and after the steps of those who wait.
func TestCreditWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c credit
		first, second := c.grown(), c.grown()
		var woken atomic.Int32
		for _, more := range []<-chan struct{}{first, second} {
			go func() {
				<-more
				woken.Add(1)
			}()
			synctest.Wait()
		}
		if woken.Load() != 0 {
			t.Fatalf("%d woken without credit", woken.Load())
		}
		c.give(3)
		synctest.Wait()
		if woken.Load() != 2 {
			t.Errorf("%d of 2 woken", woken.Load())
		}
		<-c.grown() // there is some: it does not block, or the bubble would say so
		c.spend(3)
		select {
		case <-c.grown():
			t.Error("what is spent wakes")
		default:
		}
		c.give(1)
		<-c.grown()
	})
}
