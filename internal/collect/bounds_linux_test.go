package collect

import (
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"fanout/internal/job"
)

// TestWindow: jobs do not get further ahead of the head than the window, and go
// on when the head has ended.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOnFiles(t, Spec{KeepOrder: true, Slots: 2})
		head := newJob(1, 1, "x")
		w.Start(head)
		started := int64(1)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for seq := int64(2); seq <= window+10; seq++ {
				j := newJob(seq, 2, "x")
				out := w.Start(j)
				started = seq
				if seq%1000 == 0 {
					io.WriteString(out.Stdout, "x")
				}
				w.Done(j, job.Status{})
			}
		}()
		synctest.Wait()
		if started != window {
			t.Errorf("%d jobs have started, the window is %d", started, window)
		}
		if n := len(w.order.ring); n != window {
			t.Errorf("the ring has %d places", n)
		}
		w.Done(head, job.Status{})
		<-ended
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if text := w.ends[0](); text != strings.Repeat("x", window/1000) {
			t.Errorf("%q", text)
		}
		w.checkEvents(window + 10)
	})
}

func newWorldOnFiles(t *testing.T, spec Spec) *world {
	t.Helper()
	return newWorld(t, spec, false)
}

// TestEventsAreBounded: silent jobs that end while the goroutine is busy do not pile up.
func TestEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		w := &world{t: t}
		null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer null.Close()
		seen := 0
		c := New(Spec{Slots: 1, TmpDir: t.TempDir()}, newFile(t, null), newFile(t, null), Hooks{
			OnError:   func(error) { w.errs.Add(1) },
			OnFull:    func(error) {},
			Observers: []func(*job.Event){func(*job.Event) { <-release; seen++ }},
		})
		const jobs = 10_000
		started := 0
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for seq := int64(1); seq <= jobs; seq++ {
				j := newJob(seq, 1, "x")
				c.Start(j)
				started++
				c.Done(j, job.Status{})
			}
		}()
		synctest.Wait()
		if started == jobs || started > 2*eventsMax {
			t.Errorf("%d jobs have started although nobody takes their events", started)
		}
		close(release)
		<-ended
		c.Close()
		if seen != 2*jobs {
			t.Errorf("%d events of %d jobs", seen, jobs)
		}
	})
}

// TestRing: the ring of turns grows around whatever it holds.
func TestRing(t *testing.T) {
	for _, shift := range []int64{1, 2, 63, 64, 65, 1000} {
		o := newOrder(true, true)
		o.head = shift
		const n = 5000
		results := map[int64]*result{}
		for _, k := range rand.New(rand.NewPCG(1, uint64(shift))).Perm(n) {
			seq := shift + int64(k)
			results[seq] = &result{}
			*o.at(seq) = turn{done: true, result: results[seq]}
		}
		for seq, r := range results {
			if o.at(seq).result != r {
				t.Fatalf("shift %d: place %d is another's", shift, seq)
			}
		}
		ready, lend := o.next(nil)
		if len(ready) != n || lend != nil {
			t.Fatalf("shift %d: %d are ready, %v", shift, len(ready), lend)
		}
		for i, r := range ready {
			if r != results[shift+int64(i)] {
				t.Fatalf("shift %d: %d is out of order", shift, i)
			}
		}
	}
}
