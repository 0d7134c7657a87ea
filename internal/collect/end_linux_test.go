package collect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/sink"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// TestStop: with a reader that takes nothing, the run ends soon after Stop.
func TestStop(t *testing.T) {
	for _, spec := range []Spec{{}, {KeepOrder: true}, {Mode: Line}, {KeepOrder: true, Tag: true}, {Mode: Line, Tag: true}, {KeepOrder: true, Mode: Line}} {
		for _, piped := range []bool{false, true} {
			spec.Slots = 4
			w, r := unread(t, spec)
			var slots sync.WaitGroup
			begun := make(chan struct{}, spec.Slots)
			for i := range spec.Slots {
				j := newJob(int64(i+1), i+1, "x")
				slots.Go(func() {
					out := w.Start(j)
					begun <- struct{}{}
					print(out, chunk{0, strings.Repeat("line\n", 400<<10), piped})
					w.Done(j, job.Status{Outcome: job.Stopped})
				})
			}
			for range spec.Slots {
				<-begun
			}
			testkit.Until(t, "the pipe is full", func() bool {
				n, err := unix.IoctlGetInt(testkit.Descriptor(t, r), unix.TIOCINQ)
				return err == nil && n >= 60<<10
			})
			w.Stop()
			began := time.Now()
			testkit.Within(t, patient, "the run", slots.Wait)
			var err error
			testkit.Within(t, patient, "Close", func() { err = w.Close() })
			if took := time.Since(began); took > patient/6 {
				t.Errorf("%+v: %v", spec, took)
			}
			if !errors.Is(err, sink.ErrStopped) || w.errs.Load() != 1 {
				t.Errorf("%+v: %v, OnError %d times", spec, err, w.errs.Load())
			}
			r.Close()
		}
	}
}

// TestFailure: the first failure to write is reported once, and nothing hangs.
func TestFailure(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	outputs := map[string]struct {
		open func() *os.File
		want error
	}{
		"full": {func() *os.File { return full }, unix.ENOSPC},
		"closed pipe": {func() *os.File {
			r, w := testkit.Pipe(t)
			r.Close()
			return w
		}, sink.ErrReaderGone},
	}
	for name, output := range outputs {
		for _, spec := range []Spec{{}, {KeepOrder: true}, {Mode: Line}, {Tag: true}, {Mode: Line, Tag: true, KeepOrder: true}} {
			for _, size := range []int{2, 500, 1 << 20} {
				for stream := range 2 {
					spec.Slots = 4
					w := &world{t: t}
					r, good := testkit.Pipe(t)
					go io.Copy(io.Discard, r)
					files := [2]*sink.File{newFile(t, good), newFile(t, good)}
					files[stream] = newFile(t, output.open())
					w.Collector = newCollector(t, w, spec, files)
					const jobs = 40
					var seq atomic.Int64
					var slots sync.WaitGroup
					testkit.Within(t, patient, "the run", func() {
						for slot := range spec.Slots {
							slots.Go(func() {
								for n := seq.Add(1); n <= jobs; n = seq.Add(1) {
									j := newJob(n, slot+1, "x")
									out := w.Start(j)
									print(out, chunk{stream, strings.Repeat("x\n", size/2), n%2 == 0}) // the job itself is not to blame
									w.Done(j, job.Status{Code: 1})
								}
							})
						}
						slots.Wait()
					})
					var err error
					testkit.Within(t, patient, "Close", func() { err = w.Close() })
					what := fmt.Sprintf("%s, %+v, size %d, stream %d", name, spec, size, stream)
					if !errors.Is(err, output.want) || w.errs.Load() != 1 {
						t.Errorf("%s: %v, OnError %d times", what, err, w.errs.Load())
					}
					if w.spill.live != 0 {
						t.Errorf("%s: %d bytes of the spill were not given back", what, w.spill.live)
					}
					w.checkEvents(jobs)
				}
			}
		}
	}
}

// TestBadTmpDir: output that cannot be spilled for another reason than a lack of
// room is an error.
func TestBadTmpDir(t *testing.T) {
	dir := t.TempDir() + "/gone"
	w := newWorld(t, Spec{Slots: 1, KeepOrder: true, Instant: true, TmpDir: dir}, true)
	j := newJob(1, 1, "x")
	out := w.Start(j)
	if err := print(out, chunk{0, strings.Repeat("x", 2<<20), false}); err == nil {
		t.Error("2 MiB were kept")
	}
	w.Done(j, job.Status{})
	testkit.Within(t, patient, "Close", func() {
		if err := w.Close(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir) || w.errs.Load() != 1 {
			t.Errorf("%v, OnError %d times", err, w.errs.Load())
		}
	})
	w.ends[0]()
	w.ends[1]()
}

// TestRaw: jobs get our own descriptors.
func TestRaw(t *testing.T) {
	w := newWorld(t, Spec{Mode: Raw, Slots: 1}, true)
	j := newJob(1, 1, "x")
	out := w.Start(j)
	for i, o := range []io.Writer{out.Stdout, out.Stderr} {
		if fd := o.(process.Inheritable).Fd(); fd != w.files[i].Fd() {
			t.Errorf("stream %d: descriptor %d, not %d", i, fd, w.files[i].Fd())
		}
		fmt.Fprintf(o, "stream %d", i)
	}
	w.Done(j, job.Status{})
	if a, b := w.finish(); a != "stream 0" || b != "stream 1" {
		t.Errorf("%q, %q", a, b)
	}
}
