package collect

import (
	"os"
	"strings"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// TestLongLineOfAnother: while a line that does not fit into memory waits for its reader, other
// jobs are looked after.
func TestLongLineOfAnother(t *testing.T) {
	for _, mode := range []Mode{Line, Raw} {
		w, r := unread(t, Spec{Mode: mode, Slots: 3})
		jobs := []job.Job{newJob(1, 1, "x"), newJob(2, 2, "x"), newJob(3, 3, "x")}
		var outs []process.Holder
		for _, j := range jobs {
			outs = append(outs, w.Start(j).Stdout.(process.Holder))
		}
		long := strings.Repeat("x", 3<<20) + "\n"
		testkit.Within(t, patient, "a long line", func() {
			if err := outs[0].Hold([]byte(long)); err != nil {
				t.Error(err)
			}
			if err := outs[0].Settle(); err != unix.EAGAIN {
				t.Errorf("it is taken: %v", err)
			}
		})
		testkit.Within(t, patient, "another job", func() {
			if err := outs[1].Hold([]byte("short\n")); err != nil {
				t.Error(err)
			}
			if err := outs[1].Settle(); err != unix.EAGAIN {
				t.Errorf("it is taken: %v", err)
			}
		})
		testkit.Within(t, patient, "the end of a job", func() { w.Done(jobs[2], job.Status{}) })
		testkit.Within(t, patient, "the end of the others", func() {
			w.Done(jobs[0], job.Status{})
			w.Done(jobs[1], job.Status{})
		})
		if got := readN(t, r, len(long)+len("short\n")); got != long+"short\n" {
			t.Errorf("mode %d: other bytes", mode)
		}
		testkit.Within(t, patient, "Close", func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLateLines: a line that was not taken at once goes out when the reader is there again, also
// when its job prints nothing more.
func TestLateLines(t *testing.T) {
	w, r := unread(t, Spec{Mode: Line, Slots: 1})
	j := newJob(1, 1, "x")
	out := w.Start(j).Stdout.(process.Holder)
	text := strings.Repeat("line\n", 1<<16)
	if err := out.Hold([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if got := readN(t, r, len(text)); got != text {
		t.Error("other bytes")
	}
	w.Done(j, job.Status{})
	testkit.Within(t, patient, "Close", func() { w.Close() })
}

// TestFullWithoutTheLock: Hooks.OnFull may wait for the reader of its message. The rest of the run does not wait with it.
func TestFullWithoutTheLock(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	said, goOn := make(chan struct{}), make(chan struct{})
	w, r := unread(t, Spec{KeepOrder: true, Slots: 2})
	w.spill.file = full
	w.hooks.OnFull = func(error) { close(said); <-goOn }
	defer close(goOn)
	first, second := newJob(1, 1, "x"), newJob(2, 2, "x")
	w.Start(first)
	out := w.Start(second).Stdout
	go out.Write(make([]byte, 8<<20)) // until Stop
	select {
	case <-said:
	case <-time.After(patient):
		t.Fatal("there is room")
	}
	testkit.Within(t, patient, "Stop", w.Stop)
	r.Close()
}

// TestWrittenBeforeTheStop: Hooks.Final is told of all jobs whose output a reader has taken before it is given up, and of
// no job whose output it has not taken whole.
func TestWrittenBeforeTheStop(t *testing.T) {
	for _, size := range []int{1000, 8000, 70000} {
		w, r := unread(t, Spec{KeepOrder: true, Slots: 2})
		line := strings.Repeat("x", size-1) + "\n"
		const jobs = 100
		first := newJob(1, 1, "x")
		w.Start(first) // all wait for it
		for n := range int64(jobs) {
			j := newJob(n+2, 2, "x")
			out := w.Start(j).Stdout
			out.Write([]byte(line))
			w.Done(j, job.Status{})
		}
		w.Done(first, job.Status{})
		testkit.Until(t, "the pipe is full", func() bool {
			n, err := unix.IoctlGetInt(testkit.Descriptor(t, r), unix.TIOCINQ)
			return err == nil && n >= 60<<10
		})
		w.Stop()
		testkit.Within(t, patient, "Close", func() { w.Close() })
		taken := int(w.files[0].Moved())
		// Of the first there is nothing to be taken.
		if got, want := len(w.written), 1+taken/size; got != want {
			t.Errorf("%d bytes were taken, of %d a job: %d jobs are told of, want %d", taken, size, got, want)
		}
		r.Close()
	}
}
