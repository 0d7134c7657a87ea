package collect

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fanout/internal/job"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// TestSpills: nothing is lost of many large outputs that have to wait, memory stays bounded, and the room on disk is
// given back.
func TestSpills(t *testing.T) {
	const slots, size = 16, 6 << 20
	w := newWorld(t, Spec{KeepOrder: true, Slots: slots}, true)
	head := newJob(1, 1, "1")
	first := w.Start(head)
	var others sync.WaitGroup
	testkit.Within(t, patient, "the run", func() {
		for i := 2; i <= slots; i++ {
			others.Go(func() {
				j := newJob(int64(i), i, "x")
				out := w.Start(j)
				if err := print(out, chunk{0, strings.Repeat(string(rune('a'+i)), size), i%2 == 0}); err != nil {
					t.Error(err)
				}
				w.Done(j, job.Status{})
			})
		}
		others.Wait()
	})
	if used := w.memory.used.Load(); used > memoryCap+slots*2*lastBuffer {
		t.Errorf("%d bytes in memory", used)
	}
	if w.spill.live < (slots-1)*(size-2*lastBuffer) {
		t.Errorf("only %d bytes were spilled", w.spill.live)
	}
	print(first, chunk{0, "first", false})
	w.Done(head, job.Status{})
	got, _ := w.finish()
	var want strings.Builder
	want.WriteString("first")
	for i := 2; i <= slots; i++ {
		want.WriteString(strings.Repeat(string(rune('a'+i)), size))
	}
	if got != want.String() {
		t.Errorf("%d bytes, want %d", len(got), want.Len())
	}
}

// TestBacklog: the outputs of many finished jobs that have to wait stay within the
// bound of memory, too.
func TestBacklog(t *testing.T) {
	const jobs, size = 2500, 20 << 10
	w := newWorld(t, Spec{KeepOrder: true, Slots: 2}, false)
	head := newJob(1, 1, "1")
	w.Start(head)
	var want strings.Builder
	for seq := int64(2); seq <= jobs; seq++ {
		j := newJob(seq, 2, "x")
		out := w.Start(j)
		text := strings.Repeat(fmt.Sprintf("%09d\n", seq), size/10)
		want.WriteString(text)
		if err := print(out, chunk{0, text, false}); err != nil {
			t.Fatal(err)
		}
		w.Done(j, job.Status{})
	}
	if used := w.memory.used.Load(); used > memoryCap+2*lastBuffer {
		t.Errorf("%d bytes in memory", used)
	}
	if w.spill.live == 0 {
		t.Error("nothing was spilled")
	}
	w.Done(head, job.Status{})
	if got, _ := w.finish(); got != want.String() {
		t.Errorf("%d bytes, want %d", len(got), want.Len())
	}
}

// noRoom gives the Collector a spill that is always full.
func noRoom(t *testing.T, c *Collector) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { full.Close() })
	c.spill.mu.Lock()
	c.spill.file = full
	c.spill.mu.Unlock()
}

// TestNoRoom: with a full disk jobs wait for the stream; nothing is lost.
func TestNoRoom(t *testing.T) {
	for _, spec := range []Spec{{Slots: 6, KeepOrder: true}, {Slots: 6}, {Slots: 6, Tag: true}, {Slots: 6, KeepOrder: true, Tag: true}} {
		for range 3 {
			w := newWorld(t, spec, true)
			noRoom(t, w.Collector)
			const jobs, size = 24, 600 << 10
			want := make([]string, jobs)
			var seq atomic.Int64
			var slots sync.WaitGroup
			testkit.Within(t, patient, "the run", func() {
				for slot := range spec.Slots {
					slots.Go(func() {
						for n := seq.Add(1); n <= jobs; n = seq.Add(1) {
							text := strings.Repeat(strings.Repeat(fmt.Sprint(n%10), 99)+"\n", size/100)
							want[n-1] = expected(spec, "x", []chunk{{0, text, false}}, 0)
							j := newJob(n, slot+1, "x")
							out := w.Start(j)
							if err := print(out, chunk{0, text, n%2 == 0}); err != nil {
								t.Error(err)
							}
							w.Done(j, job.Status{})
						}
					})
				}
				slots.Wait()
			})
			if n := w.fulls.Load(); n != 1 {
				t.Errorf("OnFull was called %d times", n)
			}
			got, _ := w.finish()
			checkOutput(t, spec, got, want)
		}
	}
}

// TestNoRoomForLines: a line that has to be kept whole and cannot be kept is an error.
func TestNoRoomForLines(t *testing.T) {
	w := newWorld(t, Spec{Mode: Line, Slots: 3}, true)
	noRoom(t, w.Collector)
	var slots sync.WaitGroup
	for i := range w.spec.Slots {
		slots.Go(func() {
			j := newJob(int64(i+1), i+1, "x")
			out := w.Start(j)
			print(out, chunk{0, strings.Repeat("x", 4<<20) + "\n", i == 1})
			w.Done(j, job.Status{})
		})
	}
	testkit.Within(t, patient, "the run", slots.Wait)
	testkit.Within(t, patient, "Close", func() {
		if err := w.Close(); !isNoRoom(err) || w.errs.Load() != 1 {
			t.Errorf("%v, OnError %d times", err, w.errs.Load())
		}
	})
}

// TestAwaitAfterLend: a job that begins to wait just after it was lent the stream notices that.
func TestAwaitAfterLend(t *testing.T) {
	w := newWorld(t, Spec{Slots: 1, KeepOrder: true}, true)
	round := w.rounds.Load() // as makeRoom reads it, before it finds no room
	j := newJob(1, 1, "x")
	out := w.Start(j)
	print(out, chunk{0, "x", false})
	e := w.entries[1]
	testkit.Until(t, "the head gets the stream", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.state == streaming
	})
	w.idle()
	testkit.Within(t, patient, "the wait", func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if got := e.streams[0].awaitRound(round, &noRoomError{}); got != done {
			t.Errorf("progress %d", got)
		}
	})
	w.Done(j, job.Status{})
	w.finish()
}

// TestNoRoomStopped: jobs that wait for room are set free by a stop.
func TestNoRoomStopped(t *testing.T) {
	w, _ := unread(t, Spec{Slots: 3, KeepOrder: true})
	noRoom(t, w.Collector)
	var slots sync.WaitGroup
	var cut atomic.Int64
	for i := range 3 {
		j := newJob(int64(i+1), i+1, "x")
		out := w.Start(j)
		slots.Go(func() {
			if err := print(out, chunk{0, strings.Repeat("x", 4<<20), false}); err != nil {
				cut.Add(1)
			}
			w.Done(j, job.Status{Outcome: job.Stopped})
		})
	}
	testkit.Until(t, "no room", func() bool { return w.fulls.Load() == 1 })
	w.Stop()
	testkit.Within(t, patient, "the run", slots.Wait)
	testkit.Within(t, patient, "Close", func() { w.Close() })
	if cut.Load() < 2 { // the head may have had the stream
		t.Errorf("%d jobs of 3 were cut off", cut.Load())
	}
}

// TestHoldTwice: with a full disk, what fanout says for a job is held whole behind what the job has printed, though
// neither has room and the reader is slow.
func TestHoldTwice(t *testing.T) {
	w := newWorld(t, Spec{Slots: 2, KeepOrder: true}, true)
	noRoom(t, w.Collector)
	head, second := newJob(1, 1, "1"), newJob(2, 2, "2")
	first := w.Start(head)
	w.Start(second)
	s := &w.entries[2].streams[0]
	printed, said := strings.Repeat("p", lastBuffer+1000), "said\n"
	testkit.Within(t, patient, "Hold", func() {
		for _, p := range []string{printed, said} {
			if err := s.Hold([]byte(p)); err != nil {
				t.Errorf("%d bytes: %v", len(p), err)
			}
		}
	})
	print(first, chunk{0, "first\n", false})
	w.Done(head, job.Status{})
	testkit.Within(t, patient, "Settle", func() {
		for err := s.Settle(); err != nil; err = s.Settle() {
			if err != unix.EAGAIN {
				t.Fatal(err)
			}
		}
	})
	w.Done(second, job.Status{})
	if got, _ := w.finish(); got != "first\n"+printed+said {
		t.Errorf("%d bytes, want %d", len(got), len("first\n"+printed+said))
	}
}
