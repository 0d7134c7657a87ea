package collect

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/sink"
	"fanout/internal/testkit"
)

// idle returns when the Collector's goroutine waits for work.
func (w *world) idle() {
	w.t.Helper()
	testkit.Until(w.t, "the goroutine is idle", func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return bytes.Contains(stacks, []byte("collect.(*Collector).idle("))
	})
}

// unread returns a world whose output the test itself reads.
func unread(t *testing.T, spec Spec) (w *world, out *os.File) {
	t.Helper()
	w = &world{t: t}
	r, wr := testkit.Pipe(t)
	re, we := testkit.Pipe(t)
	go io.Copy(io.Discard, re)
	w.Collector = newCollector(t, w, spec, [2]*sink.File{newFile(t, wr), newFile(t, we)})
	return w, r
}

func readN(t *testing.T, r io.Reader, n int) string {
	t.Helper()
	type result struct {
		text string
		err  error
	}
	got := make(chan result, 1)
	go func() {
		buf := make([]byte, n)
		_, err := io.ReadFull(r, buf)
		got <- result{string(buf), err}
	}()
	select {
	case res := <-got:
		if res.err != nil {
			t.Fatal(res.err)
		}
		return res.text
	case <-time.After(patient):
		t.Fatal("the output does not come")
		return ""
	}
}

// TestHeadStreams: with -k, what the head prints appears before it ends, also
// when it becomes the head while it runs; and what comes after it waits.
func TestHeadStreams(t *testing.T) {
	for _, piped := range []bool{false, true} {
		w, r := unread(t, Spec{KeepOrder: true, Slots: 3})
		w.idle()
		one, two, three := newJob(1, 1, "1"), newJob(2, 2, "2"), newJob(3, 3, "3")
		first, second, third := w.Start(one), w.Start(two), w.Start(three)
		print(third, chunk{0, "third.", piped})
		print(second, chunk{0, "second.", piped})
		print(first, chunk{0, "first.", piped})
		if got := readN(t, r, 6); got != "first." {
			t.Errorf("%q", got)
		}
		print(first, chunk{0, "more.", piped})
		if got := readN(t, r, 5); got != "more." {
			t.Errorf("%q", got)
		}
		w.Done(three, job.Status{})
		print(first, chunk{0, "end.", piped})
		w.Done(one, job.Status{})
		if got := readN(t, r, 11); got != "end.second." {
			t.Errorf("%q", got)
		}
		print(second, chunk{0, "now.", piped})
		if got := readN(t, r, 4); got != "now." {
			t.Errorf("%q", got)
		}
		w.Done(two, job.Status{})
		if got := readN(t, r, 6); got != "third." {
			t.Errorf("%q", got)
		}
		testkit.Within(t, patient, "Close", func() { w.Close() })
	}
}

// TestHeadStreamsAfterSilence: the next job has the stream also when the head
// before it ended without a word.
func TestHeadStreamsAfterSilence(t *testing.T) {
	w, r := unread(t, Spec{KeepOrder: true, Slots: 2})
	silent, next := newJob(1, 1, "1"), newJob(2, 2, "2")
	w.Start(silent)
	out := w.Start(next)
	w.idle()
	print(out, chunk{0, "before.", false})
	w.idle()
	w.Done(silent, job.Status{})
	if got := readN(t, r, 7); got != "before." {
		t.Errorf("%q", got)
	}
	print(out, chunk{0, "after.", false})
	if got := readN(t, r, 6); got != "after." {
		t.Errorf("%q", got)
	}
	w.Done(next, job.Status{})
	testkit.Within(t, patient, "Close", func() { w.Close() })
}

// TestOutgrown: a job whose output has outgrown its buffer gets the stream, and
// all others wait for its end.
func TestOutgrown(t *testing.T) {
	for _, piped := range []bool{false, true} {
		w, r := unread(t, Spec{Slots: 2})
		loud, quiet := newJob(1, 1, "1"), newJob(2, 2, "2")
		out, other := w.Start(loud), w.Start(quiet)
		const size = 4 << 20
		printed := make(chan error)
		go func() { printed <- print(out, chunk{0, strings.Repeat("x", size), piped}) }()
		if got := readN(t, r, size); strings.Trim(got, "x") != "" {
			t.Error("other bytes")
		}
		if err := <-printed; err != nil {
			t.Error(err)
		}
		print(other, chunk{0, "quiet", piped})
		w.Done(quiet, job.Status{})
		print(out, chunk{0, "end.", piped})
		w.Done(loud, job.Status{})
		if got := readN(t, r, 9); got != "end.quiet" {
			t.Errorf("%q", got)
		}
		testkit.Within(t, patient, "Close", func() { w.Close() })
		if w.spill.live != 0 {
			t.Errorf("%d bytes of the spill were not given back", w.spill.live)
		}
	}
}
