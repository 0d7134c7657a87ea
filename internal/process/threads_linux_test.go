package process

import (
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

func tasks(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestThreads: threads are there before they are needed, and end when there are too many.
func TestThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	s := supervisor(t, Spec{})
	before := threadCount()
	if n := s.MakeThreads(before+30, 1); n != before+30 {
		t.Fatalf("for %d Trees", n)
	}
	made := tasks(t)
	const odd = 2 // with cgo, one entry is no thread; and the runtime may have made one beside ours
	if want := before + 30 + others + fewPs; made < want-odd {
		t.Errorf("%d threads, want %d", made, want)
	}
	// That many goroutines can be in system calls, and need no more threads.
	var sitting sync.WaitGroup
	wake := make([]*waker, before+30)
	for i := range wake {
		w, err := newWaker()
		if err != nil {
			t.Fatal(err)
		}
		wake[i] = w
		sitting.Go(func() {
			(&Tree{wake: w, sup: s, ctx: t.Context(), captures: [2]capture{{read: -1, give: -1}, {read: -1, give: -1}}}).step(forever)
			w.close()
		})
	}
	for _, w := range wake {
		w.signal()
	}
	sitting.Wait()
	if now := tasks(t); now > made+odd {
		t.Errorf("%d threads, %d before", now, made)
	}
	endThreads(20)
	for end := time.Now().Add(patient); tasks(t) > made-20+odd; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d threads, %d before 20 were ended", tasks(t), made)
		}
	}
}

// BenchmarkMakeThreads measures what one thread costs.
func BenchmarkMakeThreads(b *testing.B) {
	for b.Loop() {
		want := threadCount() + 10
		makeThreads(func() bool { return threadCount() < want })
		endThreads(10)
	}
}
