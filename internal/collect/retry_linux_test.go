package collect

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// tried is a job with what it prints in each of its attempts.
type tried struct {
	job      job.Job
	attempts [][]chunk
}

// queue holds the jobs that slots take: first attempts in order, later ones in any.
type queue struct {
	mu   sync.Mutex
	next []*tried
	left int // jobs that are not done
}

func (q *queue) take(rnd *rand.Rand) *tried {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.next) == 0 {
		return nil
	}
	i := 0
	if rnd.IntN(2) == 0 {
		// A first attempt comes in its turn; another may come at any time.
		if k := rnd.IntN(len(q.next)); q.next[k].job.Attempt > 0 {
			i = k
		}
	}
	j := q.next[i]
	q.next = slices.Delete(q.next, i, i+1)
	return j
}

func (q *queue) add(j *tried) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next = append(q.next, j)
}

// TestRetriedOutput: the output of the last attempt comes out, byte for byte; with Line, that of all attempts does.
func TestRetriedOutput(t *testing.T) {
	const retries = 2
	for _, spec := range []Spec{{}, {KeepOrder: true}, {Tag: true}, {Mode: Line}, {Mode: Line, KeepOrder: true, Tag: true}, {Mode: None}, {KeepOrder: true, Instant: true}} {
		for size, sizes := range [][]int{{1, 20, 300}, {1, 5 << 10, 70 << 10}, {10, 64 << 10, 700 << 10}} {
			t.Run(fmt.Sprintf("%+v, size %d", spec, size), func(t *testing.T) {
				null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer null.Close()
				spec.Null, spec.Slots, spec.Retries = testkit.Descriptor(t, null), 6, retries
				jobs := []int{200, 60, 20}[size]
				w := newWorld(t, spec, true)
				q := queue{left: jobs}
				var want [2][]string
				for i := range jobs {
					rnd := rand.New(rand.NewPCG(uint64(i), uint64(size)))
					j := &tried{job: newJob(int64(i+1), 0, fmt.Sprint("item ", i))}
					j.job.Attempt = 0
					for range 1 + rnd.IntN(retries+1) {
						j.attempts = append(j.attempts, randomChunks(rnd, int64(i+1), sizes))
					}
					q.add(j)
					for stream := range want {
						want[stream] = append(want[stream], shown(spec, j, stream))
					}
				}
				testkit.Within(t, patient, "the run", func() { runTried(t, w, &q) })
				var got [2]string
				got[0], got[1] = w.finish()
				for stream := range got {
					checkOutput(t, spec, got[stream], want[stream])
				}
				w.events = slices.DeleteFunc(w.events, func(ev job.Event) bool { return ev.Kind == job.Retried })
				w.checkEvents(int64(jobs))
			})
		}
	}
}

// shown returns what must come out of a job.
func shown(spec Spec, j *tried, stream int) string {
	from := len(j.attempts) - 1
	if spec.Mode == Line && !spec.KeepOrder {
		from = 0
	}
	all := ""
	for _, chunks := range j.attempts[from:] {
		all += expected(spec, j.job.Label(), chunks, stream)
	}
	return all
}

// runTried runs all jobs, each until its last attempt has ended.
func runTried(t *testing.T, w *world, q *queue) {
	var slots sync.WaitGroup
	for slot := range w.spec.Slots {
		rnd := rand.New(rand.NewPCG(uint64(slot), 5))
		slots.Go(func() {
			for {
				q.mu.Lock()
				left := q.left
				q.mu.Unlock()
				if left == 0 {
					return
				}
				j := q.take(rnd)
				if j == nil {
					continue
				}
				j.job.Slot = slot + 1
				j.job.Attempt++
				w.Await(j.job)
				out := w.Start(j.job)
				for _, c := range j.attempts[j.job.Attempt-1] {
					if err := print(out, c); err != nil {
						t.Error(err)
					}
				}
				if j.job.Attempt < len(j.attempts) {
					w.Retry(j.job, job.Status{Code: 1})
					q.add(j)
					continue
				}
				w.Done(j.job, job.Status{Code: int(j.job.Index % 2)})
				q.mu.Lock()
				q.left--
				q.mu.Unlock()
			}
		})
	}
	slots.Wait()
}

// TestRetriedHead: the head's failed attempts are not seen; its last attempt streams, and
// what is behind it waits for that.
func TestRetriedHead(t *testing.T) {
	for _, piped := range []bool{false, true} {
		w, r := unread(t, Spec{KeepOrder: true, Slots: 2, Retries: 2})
		head, next := newJob(1, 1, "1"), newJob(2, 2, "2")
		out, other := w.Start(head), w.Start(next)
		print(out, chunk{0, "first.", piped})
		print(other, chunk{0, "next.", piped})
		w.Retry(head, job.Status{Code: 1})
		w.Done(next, job.Status{})
		head.Slot, head.Attempt = 2, 2 // on another slot
		out = w.Start(head)
		print(out, chunk{0, strings.Repeat("second.", 100_000), piped})
		w.Retry(head, job.Status{Code: 1})
		if w.spill.live == 0 {
			t.Error("nothing was spilled")
		}
		w.idle()
		head.Slot, head.Attempt = 1, 3
		out = w.Start(head)
		w.Begun(head)
		if w.spill.live != 0 || w.memory.used.Load() > firstBuffer {
			t.Errorf("%d bytes on disk and %d in memory are kept of an attempt that is over", w.spill.live, w.memory.used.Load())
		}
		print(out, chunk{0, "third.", piped})
		if got := readN(t, r, 6); got != "third." {
			t.Errorf("%q", got)
		}
		print(out, chunk{0, "more.", piped})
		w.Done(head, job.Status{})
		if got := readN(t, r, 10); got != "more.next." {
			t.Errorf("%q", got)
		}
		testkit.Within(t, patient, "Close", func() { w.Close() })
	}
}

// TestRetriedIsNotLent: however much a job prints that may be retried, it does
// not have the stream.
func TestRetriedIsNotLent(t *testing.T) {
	w := newWorld(t, Spec{Slots: 2, Retries: 1}, true)
	loud, quiet := newJob(1, 1, "1"), newJob(2, 2, "2")
	out := w.Start(loud)
	w.Start(quiet)
	print(out, chunk{0, strings.Repeat("x", 4<<20), true})
	w.Retry(loud, job.Status{Code: 1})
	w.Done(quiet, job.Status{})
	loud.Attempt = 2
	out = w.Start(loud)
	print(out, chunk{0, "y", true})
	w.Done(loud, job.Status{})
	if got, _ := w.finish(); got != "y" {
		t.Errorf("%d bytes", len(got))
	}
}

// TestAbandon: when no other attempt comes, the last one is what is seen.
func TestAbandon(t *testing.T) {
	for _, spec := range []Spec{{}, {KeepOrder: true}, {Mode: Line}, {KeepOrder: true, Tag: true}} {
		spec.Slots, spec.Retries = 1, 5
		w := newWorld(t, spec, true)
		waits, silent := newJob(1, 1, "1"), newJob(2, 1, "2")
		out := w.Start(waits)
		print(out, chunk{0, strings.Repeat("line\n", 200_000), true})
		print(out, chunk{1, "why\n", false})
		w.Retry(waits, job.Status{Code: 3})
		w.Start(silent)
		w.Retry(silent, job.Status{Code: 4})
		w.Abandon(silent, job.Status{Code: 4})
		w.Abandon(waits, job.Status{Code: 3})
		out1, out2 := w.finish()
		for i, got := range []string{out1, out2} {
			text := []string{strings.Repeat("line\n", 200_000), "why\n"}[i]
			if want := expected(spec, "1", []chunk{{i, text, false}}, i); got != want {
				t.Errorf("%+v: %d bytes on stream %d, want %d", spec, len(got), i, len(want))
			}
		}
		w.events = slices.DeleteFunc(w.events, func(ev job.Event) bool { return ev.Kind == job.Retried })
		w.checkEvents(2)
		for _, ev := range w.events {
			if ev.Kind == job.Done && (ev.Status.Code != int(5-ev.Job.Index)+1-2*int(2-ev.Job.Index) || (string(ev.Tail) == "why\n") != (ev.Job.Index == 1)) {
				t.Errorf("job %d: %v, tail %q", ev.Job.Index, ev.Status, ev.Tail)
			}
		}
	}
}

// TestNoRoomForRetry: output that must not be seen yet and cannot be kept is an error.
func TestNoRoomForRetry(t *testing.T) {
	w := newWorld(t, Spec{KeepOrder: true, Slots: 1, Retries: 1}, true)
	noRoom(t, w.Collector)
	j := newJob(1, 1, "x")
	out := w.Start(j)
	testkit.Within(t, patient, "the job", func() {
		if err := print(out, chunk{0, strings.Repeat("x", 4<<20), true}); err == nil {
			t.Error("4 MiB were kept")
		}
	})
	w.Done(j, job.Status{})
	testkit.Within(t, patient, "Close", func() {
		if err := w.Close(); !isNoRoom(err) || w.errs.Load() != 1 {
			t.Errorf("%v, OnError %d times", err, w.errs.Load())
		}
	})
}

// TestSlotLooksUp: a slot is not held up by a reader that takes nothing, nor by a
// lack of room, and nothing that it has read is lost.
func TestSlotLooksUp(t *testing.T) {
	for _, spec := range []Spec{{KeepOrder: true}, {KeepOrder: true, Tag: true}, {KeepOrder: true, Mode: Line}, {Tag: true}, {}, {Mode: Line}, {Mode: Line, Tag: true}} {
		for _, full := range []bool{false, true} {
			if byLines := spec.Mode == Line; !spec.KeepOrder && byLines == full {
				continue // lines are not spilled, and groups stream only when much was
			}
			spec.Slots = 2
			w, r := unread(t, spec)
			if full {
				noRoom(t, w.Collector)
			}
			first, second := newJob(1, 1, "1"), newJob(2, 2, "2")
			jobs := []job.Job{first}
			if full {
				jobs = append(jobs, second) // which is not the one to write
			}
			want := ""
			var running sync.WaitGroup
			blocked := make(chan bool, len(jobs))
			for _, j := range jobs {
				out := w.Start(j)
				text := strings.Repeat(fmt.Sprintf("%d%098d\n", j.Index, 0), 8000)
				want += expected(spec, j.Label(), []chunk{{0, text, false}}, 0)
				if spec.KeepOrder && !full { // it is to stream, or all would be spilled
					print(out, chunk{0, text[:100], true})
					text = text[100:]
					testkit.Until(t, "the head gets the stream", func() bool {
						e := w.entries[j.Slot]
						e.mu.Lock()
						defer e.mu.Unlock()
						return e.state == streaming
					})
				}
				running.Go(func() {
					printLooking(t, out, text, blocked)
					w.Done(j, job.Status{})
				})
			}
			testkit.Within(t, patient, fmt.Sprintf("%+v, full %v: a slot", spec, full), func() {
				for range jobs {
					<-blocked
				}
			})
			got := readN(t, r, len(want))
			testkit.Within(t, patient, "the run", running.Wait)
			if len(jobs) == 1 && got != want || spec.KeepOrder && got != want {
				t.Errorf("%+v, full %v: the output differs from byte %d of %d on", spec, full, differ(got, want), len(want))
			}
			testkit.Within(t, patient, "Close", func() { w.Close() })
			if used := w.memory.used.Load(); used != 0 {
				t.Errorf("%+v: %d bytes of memory were not given back", spec, used)
			}
		}
	}
}

// printLooking prints through a pipe, and says when the slot has come back twice with nothing moved.
func printLooking(t *testing.T, out job.Output, text string, blocked chan<- bool) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Error(err)
		return
	}
	defer unix.Close(p[0])
	go func() {
		w := os.NewFile(uintptr(p[1]), "w")
		w.WriteString(text)
		w.Close()
	}()
	idle := 0
	for {
		unix.Poll([]unix.PollFd{{Fd: int32(p[0]), Events: unix.POLLIN}}, -1)
		n, err := out.Stdout.(process.PipeReader).ReadPipe(p[0])
		switch {
		case err == unix.EAGAIN:
			if idle++; idle == 3 {
				blocked <- true
			}
		case err != nil:
			t.Error(err)
			return
		case n == 0:
			return
		}
	}
}

// TestUnstart: when a job's next attempt does not begin after all, the output of its last one is shown.
func TestUnstart(t *testing.T) {
	for _, spec := range []Spec{{Slots: 2, Retries: 1}, {Slots: 2, Retries: 1, KeepOrder: true}} {
		w, r := unread(t, spec)
		j, next := newJob(1, 1, "1"), newJob(2, 2, "2")
		print(w.Start(j), chunk{0, "first.", false})
		w.Retry(j, job.Status{Outcome: job.Lost})
		j.Attempt = 2
		w.Start(j)
		w.Unstart(j)
		j.Attempt = 1
		w.Abandon(j, job.Status{Outcome: job.Lost})
		print(w.Start(next), chunk{0, "next.", false})
		w.Done(next, job.Status{})
		if got := readN(t, r, 11); got != "first.next." {
			t.Errorf("%+v: %q", spec, got)
		}
		testkit.Within(t, patient, "Close", func() { w.Close() })
	}
}
