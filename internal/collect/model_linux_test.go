package collect

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fanout/internal/job"
	"fanout/internal/testkit"
)

// randomText returns lines that say whose they are, most of them short.
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

// expected returns what must come out of one job, on one stream.
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

// checkOutput compares what came out with what must come out of each job.
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
		for _, spec := range []Spec{{}, {KeepOrder: true}, {Tag: true}, {KeepOrder: true, Tag: true}, {KeepOrder: true, Instant: true}, {Instant: true}, {Whole: true}, {Whole: true, KeepOrder: true, Tag: true}} {
			for size, sizes := range [][]int{small, middle, huge} {
				for _, piped := range []bool{true, false} {
					if spec.Whole && mode == Line {
						continue
					}
					spec.Mode = mode
					spec.Slots = 8
					jobs := []int64{300, 80, 20}[size]
					name := fmt.Sprintf("mode %d, whole %v, keep %v, tag %v, instant %v, size %d, piped %v", mode, spec.Whole, spec.KeepOrder, spec.Tag, spec.Instant, size, piped)
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
	spec.Null = testkit.Descriptor(t, null)
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
	testkit.Within(t, patient, "the run", func() {
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
					if n%4 < 2 {
						w.Ended(j)
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
		for i := range work {
			if plain := expected(Spec{}, "", work[i], stream); spec.Whole && w.kept[int64(i+1)][stream] != plain {
				t.Errorf("job %d printed %d bytes on %d, and %d were kept", i+1, len(plain), stream, len(w.kept[int64(i+1)][stream]))
			}
		}
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
		for _, c := range work[ev.Job.Index-1] {
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
			t.Errorf("job %d: a tail of %d bytes, want %d", ev.Job.Index, len(ev.Tail), len(want))
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
		testkit.Within(t, patient, "the run", func() {
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
