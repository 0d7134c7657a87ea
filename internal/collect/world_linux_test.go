package collect

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/sink"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = testkit.Patience

func newFile(t *testing.T, f *os.File) *sink.File {
	t.Helper()
	file, err := sink.NewFile(testkit.Descriptor(t, f), f.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(file.Close)
	return file
}

// world is a Collector and its two outputs: pipes that are read to their end, or files.
type world struct {
	*Collector
	t     *testing.T
	ends  [2]func() string // what came out, after Close
	errs  atomic.Int64
	fulls atomic.Int64

	mu     sync.Mutex
	events []job.Event

	// What was delivered; the Collector's goroutine has it until it has ended.
	kept    map[int64][2]string
	written []*job.Finished
}

func newWorld(t *testing.T, spec Spec, piped bool) *world {
	t.Helper()
	w := &world{t: t}
	var files [2]*sink.File
	for i := range files {
		var out *os.File
		if piped {
			r, wr := testkit.Pipe(t)
			got := make(chan string, 1)
			go func() {
				text, _ := io.ReadAll(r)
				got <- string(text)
			}()
			file := newFile(t, wr)
			files[i] = file
			w.ends[i] = func() string { file.Close(); wr.Close(); return <-got }
			continue
		}
		out, err := os.OpenFile(fmt.Sprintf("%s/%d", t.TempDir(), i), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { out.Close() })
		files[i] = newFile(t, out)
		w.ends[i] = func() string { text, _ := os.ReadFile(out.Name()); return string(text) }
	}
	w.Collector = newCollector(t, w, spec, files)
	return w
}

func newCollector(t *testing.T, w *world, spec Spec, files [2]*sink.File) *Collector {
	if spec.TmpDir == "" {
		spec.TmpDir = t.TempDir()
	}
	w.kept = map[int64][2]string{}
	hooks := Hooks{
		OnError: func(error) { w.errs.Add(1) },
		OnFull:  func(error) { w.fulls.Add(1) },
		Observers: []func(*job.Event){func(ev *job.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, *ev)
		}},
		Final: func(done []*job.Finished) error {
			w.written = append(w.written, done...)
			return nil
		},
	}
	if spec.Whole {
		hooks.Keep = w.keep
	}
	return New(spec, files[0], files[1], hooks)
}

// keep takes what a job has printed.
func (w *world) keep(d *job.Finished, printed [2]sink.Printed) error {
	var out [2]string
	for i, p := range printed {
		var b strings.Builder
		for chunk, err := range p.Chunks {
			if err != nil {
				return err
			}
			b.Write(chunk)
		}
		if all, ok := p.Bytes(); p.Len() != int64(b.Len()) || ok && string(all) != b.String() {
			w.t.Errorf("%d bytes were printed, and %d are there", p.Len(), b.Len())
		}
		out[i] = b.String()
	}
	if _, twice := w.kept[d.Job.Index]; twice || len(w.written) > 0 && w.written[len(w.written)-1].Job.Index == d.Job.Index {
		w.t.Errorf("job %d is handed over late, or twice", d.Job.Index)
	}
	w.kept[d.Job.Index] = out
	return nil
}

// checkWritten: Hooks.Final is told of each job that is done, once, with its outcome.
func (w *world) checkWritten() {
	w.t.Helper()
	done := map[int64]job.Event{}
	for _, ev := range w.events {
		if ev.Kind == job.Done {
			done[ev.Job.Index] = ev
		}
	}
	for i, d := range w.written {
		ev, there := done[d.Job.Index]
		if !there || !reflect.DeepEqual(ev.Status, d.Status) || string(ev.Tail) != string(d.Tail) || d.Ended.IsZero() {
			w.t.Errorf("%+v is written of %+v", d, ev)
		}
		delete(done, d.Job.Index)
		if w.spec.KeepOrder && d.Job.Index != int64(i+1) {
			w.t.Errorf("job %d is the one after %d others", d.Job.Index, i)
		}
	}
	if len(done) > 0 {
		w.t.Errorf("%d jobs are done and not written", len(done))
	}
}

// finish closes the Collector and returns what came out.
func (w *world) finish() (out, errs string) {
	w.t.Helper()
	testkit.Within(w.t, patient, "Close", func() {
		if err := w.Close(); err != nil {
			w.t.Error(err)
		}
	})
	if w.spill.live != 0 {
		w.t.Errorf("%d bytes of the spill were not given back", w.spill.live)
	}
	w.checkWritten()
	if used := w.memory.used.Load(); used != 0 {
		w.t.Errorf("%d bytes of memory were not given back", used)
	}
	if n := w.backlog.Load(); n != 0 {
		w.t.Errorf("a backlog of %d is left", n)
	}
	return w.ends[0](), w.ends[1]()
}

// checkEvents holds for every run: one Started and then one Done for each job.
func (w *world) checkEvents(jobs int64) {
	w.t.Helper()
	started, done := map[int64]int{}, map[int64]int{}
	for _, ev := range w.events {
		switch ev.Kind {
		case job.Started:
			started[ev.Job.Index]++
		case job.Done:
			if started[ev.Job.Index] != 1 {
				w.t.Errorf("job %d is done before it has started", ev.Job.Index)
			}
			done[ev.Job.Index]++
		}
	}
	for seq := int64(1); seq <= jobs; seq++ {
		if started[seq] != 1 || done[seq] != 1 {
			w.t.Errorf("job %d: %d Started, %d Done", seq, started[seq], done[seq])
		}
	}
	if len(w.events) != int(2*jobs) {
		w.t.Errorf("%d events of %d jobs", len(w.events), jobs)
	}
}

func newJob(seq int64, slot int, item string) job.Job {
	return job.Job{Index: seq, Slot: slot, Attempt: 1, Items: []job.Item{{Seq: seq, Fields: []string{item}}}}
}

// chunk is something that a job prints at one go.
type chunk struct {
	stream int
	text   string
	piped  bool // through a pipe, not by Write
}

// print gives the chunk to a job's output, as process does.
func print(out job.Output, c chunk) error {
	w := []io.Writer{out.Stdout, out.Stderr}[c.stream]
	reader, can := w.(process.PipeReader)
	if !c.piped || !can {
		_, err := io.WriteString(w, c.text)
		return err
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(p[0])
	go func() {
		defer unix.Close(p[1])
		for text := []byte(c.text); len(text) > 0; {
			n, err := unix.Write(p[1], text)
			if err != nil {
				return
			}
			text = text[n:]
		}
	}()
	poll := []unix.PollFd{{Fd: int32(p[0]), Events: unix.POLLIN}}
	for {
		unix.Poll(poll, -1)
		n, err := reader.ReadPipe(p[0])
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return nil
		}
	}
}
