package collect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/sink"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = 20 * time.Second

// until waits for what other goroutines bring about.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !reached(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

// in runs f and fails when it is not done in time.
func in(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patient):
		t.Fatalf("%s hangs", what)
	}
}

func fdOf(t *testing.T, f *os.File) (fd int) {
	t.Helper()
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Control(func(n uintptr) { fd = int(n) })
	return fd
}

// blockingPipe is one as a shell makes it.
func blockingPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func newFile(t *testing.T, f *os.File) *sink.File {
	t.Helper()
	file, err := sink.NewFile(fdOf(t, f), f.Name())
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
}

func newWorld(t *testing.T, spec Spec, piped bool) *world {
	t.Helper()
	w := &world{t: t}
	var files [2]*sink.File
	for i := range files {
		var out *os.File
		if piped {
			r, wr := blockingPipe(t)
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
	return New(spec, files[0], files[1], Hooks{
		OnError: func(error) { w.errs.Add(1) },
		OnFull:  func() { w.fulls.Add(1) },
		Observers: []func(job.Event){func(ev job.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, ev)
		}},
	})
}

// finish closes the Collector and returns what came out.
func (w *world) finish() (out, errs string) {
	w.t.Helper()
	in(w.t, "Close", func() {
		if err := w.Close(); err != nil {
			w.t.Error(err)
		}
	})
	if w.spill.live != 0 {
		w.t.Errorf("%d bytes of the spill were not given back", w.spill.live)
	}
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
			started[ev.Job.Seq]++
		case job.Done:
			if started[ev.Job.Seq] != 1 {
				w.t.Errorf("job %d is done before it has started", ev.Job.Seq)
			}
			done[ev.Job.Seq]++
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
	return job.Job{Seq: seq, Slot: slot, Attempt: 1, Items: []job.Item{{Seq: seq, Fields: []string{item}}}}
}

// chunk is something that a job prints at one go.
type chunk struct {
	stream int
	text   string
	piped  bool // through a pipe, not by Write
}

// print has a job's output take the chunk, as process does.
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

// randomText is lines that tell whose they are, mostly short ones.
func randomText(rnd *rand.Rand, who string, size int) string {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%s.%d ", who, b.Len())
		b.WriteString(strings.Repeat("x", rnd.IntN(min(size, 200))))
		if rnd.IntN(8) > 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func randomChunks(rnd *rand.Rand, seq int64, sizes []int) (chunks []chunk) {
	for range rnd.IntN(6) {
		stream := rnd.IntN(3) / 2
		text := randomText(rnd, fmt.Sprintf("<%d/%d>", seq, stream), 1+rnd.IntN(sizes[rnd.IntN(len(sizes))]))
		chunks = append(chunks, chunk{stream, text, rnd.IntN(2) == 0})
	}
	return chunks
}

// expected is what one job has to come out as, on one stream.
func expected(spec Spec, item string, chunks []chunk, stream int) string {
	var b strings.Builder
	for _, c := range chunks {
		if c.stream == stream {
			b.WriteString(c.text)
		}
	}
	text := b.String()
	if spec.Mode == None || text == "" {
		return ""
	}
	if (spec.Tag || spec.Mode == Line) && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if !spec.Tag {
		return text
	}
	tag := strings.ReplaceAll(item, "\n", `\n`) + "\t"
	var tagged strings.Builder
	for line := range strings.Lines(text) {
		tagged.WriteString(tag + line)
	}
	return tagged.String()
}

// checkOutput compares what came out with what each job has to come out as.
func checkOutput(t *testing.T, spec Spec, got string, want []string) {
	t.Helper()
	if spec.KeepOrder {
		if all := strings.Join(want, ""); got != all {
			t.Errorf("%d bytes came out, %d were printed; they differ from %d on", len(got), len(all), differ(got, all))
		}
		return
	}
	if spec.Mode == Line {
		checkLines(t, got, want)
		return
	}
	total := 0
	for i, w := range want {
		total += len(w)
		if !strings.Contains(got, w) {
			t.Errorf("the output of job %d, %d bytes, is not in one piece", i+1, len(w))
		}
	}
	if len(got) != total {
		t.Errorf("%d bytes came out, %d were printed", len(got), total)
	}
}

// checkLines is for Line: all lines whole, those of each job in their order.
func checkLines(t *testing.T, got string, want []string) {
	t.Helper()
	next := map[string][]int{} // by line, the jobs that have printed it
	var lines [][]string
	for i, w := range want {
		own := slices.Collect(strings.Lines(w))
		lines = append(lines, own)
		for _, l := range own {
			if jobs := next[l]; len(jobs) == 0 || jobs[len(jobs)-1] != i {
				next[l] = append(jobs, i)
			}
		}
	}
	n := 0
	for line := range strings.Lines(got) {
		n++
		found := false
		for _, i := range next[line] {
			if len(lines[i]) > 0 && lines[i][0] == line {
				lines[i] = lines[i][1:]
				found = true
				break
			}
		}
		if !found {
			t.Errorf("line %d is nobody's next line: %d bytes, %.60q", n, len(line), line)
			return
		}
	}
	for i, rest := range lines {
		if len(rest) > 0 {
			t.Errorf("%d lines of job %d did not come out", len(rest), i+1)
		}
	}
}

func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestModel: in every mode, what many slots print comes out as the model says,
// byte for byte.
func TestModel(t *testing.T) {
	small := []int{1, 20, 300}
	middle := []int{1, 300, 5 << 10, 70 << 10}
	huge := []int{10, 64 << 10, 700 << 10}
	for _, mode := range []Mode{Group, Line, None} {
		for _, spec := range []Spec{{}, {KeepOrder: true}, {Tag: true}, {KeepOrder: true, Tag: true}, {KeepOrder: true, Instant: true}, {Instant: true}} {
			for size, sizes := range [][]int{small, middle, huge} {
				for _, piped := range []bool{true, false} {
					spec.Mode = mode
					spec.Slots = 8
					jobs := []int64{300, 80, 20}[size]
					name := fmt.Sprintf("mode %d, keep %v, tag %v, instant %v, size %d, piped %v", mode, spec.KeepOrder, spec.Tag, spec.Instant, size, piped)
					t.Run(name, func(t *testing.T) { model(t, spec, jobs, sizes, piped) })
				}
			}
		}
	}
}

func model(t *testing.T, spec Spec, jobs int64, sizes []int, piped bool) {
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	spec.Null = fdOf(t, null)
	w := newWorld(t, spec, piped)
	work := make([][]chunk, jobs)
	items := make([]string, jobs)
	for i := range work {
		rnd := rand.New(rand.NewPCG(uint64(i), uint64(len(sizes))))
		work[i] = randomChunks(rnd, int64(i+1), sizes)
		items[i] = fmt.Sprintf("item\n%d", i)
	}
	var seq atomic.Int64
	var slots sync.WaitGroup
	var pull sync.Mutex
	in(t, "the run", func() {
		for slot := range spec.Slots {
			slots.Go(func() {
				for {
					pull.Lock()
					n := seq.Add(1)
					pull.Unlock()
					if n > jobs {
						return
					}
					j := newJob(n, slot+1, items[n-1])
					out := w.Start(j)
					for _, c := range work[n-1] {
						if err := print(out, c); err != nil {
							t.Error(err)
						}
					}
					w.Done(j, job.Status{Code: int(n % 3)})
				}
			})
		}
		slots.Wait()
	})
	var got [2]string
	got[0], got[1] = w.finish()
	for stream := range got {
		var want []string
		for i := range work {
			want = append(want, expected(spec, items[i], work[i], stream))
		}
		checkOutput(t, spec, got[stream], want)
	}
	w.checkEvents(jobs)
	checkTails(t, w.events, work)
	if w.errs.Load() > 0 {
		t.Errorf("%d failures to write", w.errs.Load())
	}
}

// checkTails: a failed job has the end of its standard error with it.
func checkTails(t *testing.T, events []job.Event, work [][]chunk) {
	t.Helper()
	for _, ev := range events {
		if ev.Kind != job.Done {
			continue
		}
		var all strings.Builder
		for _, c := range work[ev.Job.Seq-1] {
			if c.stream == 1 {
				all.WriteString(c.text)
			}
		}
		want := all.String()
		want = want[max(0, len(want)-tailSize):]
		if ev.Status.OK() {
			want = ""
		}
		if string(ev.Tail) != want {
			t.Errorf("job %d: a tail of %d bytes, want %d", ev.Job.Seq, len(ev.Tail), len(want))
		}
	}
}

// TestLongLines: with Line, a line is whole however long it is.
func TestLongLines(t *testing.T) {
	const writers, size = 8, 5 << 20
	for _, piped := range []bool{false, true} {
		w := newWorld(t, Spec{Mode: Line, Slots: writers}, piped)
		var slots sync.WaitGroup
		want := make([]string, writers)
		in(t, "the run", func() {
			for i := range writers {
				want[i] = strings.Repeat(string(rune('a'+i)), size) + "\nshort " + string(rune('a'+i)) + "\n"
				slots.Go(func() {
					j := newJob(int64(i+1), i+1, "x")
					out := w.Start(j)
					for text := want[i]; text != ""; {
						n := min(len(text), 50_000)
						if err := print(out, chunk{0, text[:n], false}); err != nil {
							t.Error(err)
						}
						text = text[n:]
					}
					w.Done(j, job.Status{})
				})
			}
			slots.Wait()
		})
		got, _ := w.finish()
		checkLines(t, got, want)
	}
}

// idle returns when the Collector's goroutine waits for work.
func (w *world) idle() {
	w.t.Helper()
	until(w.t, "the goroutine is idle", func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return bytes.Contains(stacks, []byte("collect.(*Collector).idle("))
	})
}

// unread has an output of which a test reads as much as it wants, when it wants.
func unread(t *testing.T, spec Spec) (w *world, out *os.File) {
	t.Helper()
	w = &world{t: t}
	r, wr := blockingPipe(t)
	re, we := blockingPipe(t)
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
		in(t, "Close", func() { w.Close() })
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
	in(t, "Close", func() { w.Close() })
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
		in(t, "Close", func() { w.Close() })
		if w.spill.live != 0 {
			t.Errorf("%d bytes of the spill were not given back", w.spill.live)
		}
	}
}

// TestSpills: of many large outputs that have to wait nothing is lost, memory
// stays bounded, and the room on disk is given back.
func TestSpills(t *testing.T) {
	const slots, size = 16, 6 << 20
	w := newWorld(t, Spec{KeepOrder: true, Slots: slots}, true)
	head := newJob(1, 1, "1")
	first := w.Start(head)
	var others sync.WaitGroup
	in(t, "the run", func() {
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

// noRoom makes a Collector's spill one that is always full.
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

// TestNoRoom: with a full disk jobs wait for their turn; nothing is lost.
func TestNoRoom(t *testing.T) {
	for _, spec := range []Spec{{Slots: 6, KeepOrder: true}, {Slots: 6}, {Slots: 6, Tag: true}, {Slots: 6, KeepOrder: true, Tag: true}} {
		for range 3 {
			w := newWorld(t, spec, true)
			noRoom(t, w.Collector)
			const jobs, size = 24, 600 << 10
			want := make([]string, jobs)
			var seq atomic.Int64
			var slots sync.WaitGroup
			in(t, "the run", func() {
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
	in(t, "the run", slots.Wait)
	in(t, "Close", func() {
		if err := w.Close(); !errors.Is(err, errNoRoom) || w.errs.Load() != 1 {
			t.Errorf("%v, OnError %d times", err, w.errs.Load())
		}
	})
}

// TestAwaitAfterLend: a job that goes to wait for its turn just after it was
// lent the stream does not miss that.
func TestAwaitAfterLend(t *testing.T) {
	w := newWorld(t, Spec{Slots: 1, KeepOrder: true}, true)
	round := w.rounds.Load() // as makeRoom reads it, before it finds no room
	j := newJob(1, 1, "x")
	out := w.Start(j)
	print(out, chunk{0, "x", false})
	e := w.entries[1]
	until(t, "the head gets the stream", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.live
	})
	w.idle()
	in(t, "the wait", func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if err := w.await(&e.streams[0], round); err != nil {
			t.Error(err)
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
			w.Done(j, job.Status{End: job.Stopped})
		})
	}
	until(t, "no room", func() bool { return w.fulls.Load() == 1 })
	w.Stop()
	in(t, "the run", slots.Wait)
	in(t, "Close", func() { w.Close() })
	if cut.Load() < 2 { // the head may have had the stream
		t.Errorf("%d jobs of 3 were cut off", cut.Load())
	}
}

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
					w.Done(j, job.Status{End: job.Stopped})
				})
			}
			for range spec.Slots {
				<-begun
			}
			until(t, "the pipe is full", func() bool {
				n, err := unix.IoctlGetInt(fdOf(t, r), unix.TIOCINQ)
				return err == nil && n >= 60<<10
			})
			w.Stop()
			began := time.Now()
			in(t, "the run", slots.Wait)
			var err error
			in(t, "Close", func() { err = w.Close() })
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

// TestFailure: the first failure to write is told once, and nothing hangs.
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
			r, w := blockingPipe(t)
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
					r, good := blockingPipe(t)
					go io.Copy(io.Discard, r)
					files := [2]*sink.File{newFile(t, good), newFile(t, good)}
					files[stream] = newFile(t, output.open())
					w.Collector = newCollector(t, w, spec, files)
					const jobs = 40
					var seq atomic.Int64
					var slots sync.WaitGroup
					in(t, "the run", func() {
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
					in(t, "Close", func() { err = w.Close() })
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
	in(t, "Close", func() {
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

// TestBacklog: silent jobs that end while the goroutine cannot write do not pile up.
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
			OnFull:    func() {},
			Observers: []func(job.Event){func(job.Event) { <-release; seen++ }},
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

// TestRing: the ring of places grows around whatever it holds.
func TestRing(t *testing.T) {
	for _, shift := range []int64{1, 2, 63, 64, 65, 1000} {
		o := newOrder(true, true)
		o.head = shift
		const n = 5000
		results := map[int64]*result{}
		for _, k := range rand.New(rand.NewPCG(1, uint64(shift))).Perm(n) {
			seq := shift + int64(k)
			results[seq] = &result{}
			*o.at(seq) = place{done: true, result: results[seq]}
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

func TestTail(t *testing.T) {
	var want []byte
	var tl tail
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range 2000 {
		p := bytes.Repeat([]byte{byte(i)}, rnd.IntN([]int{3, 100, 3000}[i%3]))
		tl.add(p)
		want = append(want, p...)
		want = want[max(0, len(want)-tailSize):]
		if !bytes.Equal(tl.bytes(), want) {
			t.Fatalf("after %d: %d bytes, want %d", i, len(tl.bytes()), len(want))
		}
	}
}

// TestExtents: the spill holds what it was given, whatever is given back between,
// and its file shrinks to nothing.
func TestExtents(t *testing.T) {
	s := spill{dir: t.TempDir()}
	defer s.close()
	rnd := rand.New(rand.NewPCG(3, 3))
	type stored struct {
		e    extent
		text []byte
	}
	var live []stored
	check := func(x stored) {
		got := make([]byte, len(x.text))
		if _, err := unix.Pread(s.fd(), got, x.e.off); err != nil || !bytes.Equal(got, x.text) {
			t.Fatalf("an extent of %d bytes at %d is another: %v", len(got), x.e.off, err)
		}
	}
	for i := range 500 {
		if len(live) == 0 || rnd.IntN(5) > 1 {
			text := bytes.Repeat([]byte{byte(1 + i%250)}, 1+rnd.IntN(20_000))
			e, err := s.store(text)
			if err != nil {
				t.Fatal(err)
			}
			live = append(live, stored{e, text})
			continue
		}
		k := rnd.IntN(len(live))
		check(live[k])
		s.release(live[k].e)
		live = slices.Delete(live, k, k+1)
	}
	for _, x := range live {
		check(x)
		s.release(x.e)
	}
	if st, err := s.file.Stat(); err != nil || st.Size() != 0 || s.live != 0 {
		t.Errorf("%d bytes are left, %d in use", st.Size(), s.live)
	}
	names, _ := os.ReadDir(s.dir)
	if len(names) > 0 {
		t.Errorf("the spill has a name: %v", names)
	}
}

func TestTags(t *testing.T) {
	item := func(s string) job.Item { return job.Item{Fields: []string{s}} }
	for _, tt := range []struct {
		items []job.Item
		want  string
	}{
		{nil, "\t"},
		{[]job.Item{item("a")}, "a\t"},
		{[]job.Item{item("a b"), item("c")}, "a b c\t"},
		{[]job.Item{item("one\ntwo\n")}, `one\ntwo\n` + "\t"},
	} {
		if got := string(appendTag(nil, job.Job{Items: tt.items})); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
