package template

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
)

func feed(list []job.Item, err error, after ...job.Item) iter.Seq2[job.Item, error] {
	return func(yield func(job.Item, error) bool) {
		for _, it := range list {
			if !yield(it, nil) {
				return
			}
		}
		if err != nil && !yield(job.Item{}, err) {
			return
		}
		for _, it := range after {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// sizes lists the number of items of each job, and -1 for an error. It checks
// that no item is lost or moved.
func sizes(t *testing.T, tt *Template, in iter.Seq2[job.Item, error]) []int {
	t.Helper()
	var out []int
	seq, next := int64(0), int64(0)
	for j, err := range tt.Jobs(in) {
		if err != nil {
			out = append(out, -1)
			continue
		}
		seq++
		if j.Index != seq || j.Attempt != 1 {
			t.Errorf("job %d has number %d, attempt %d", seq, j.Index, j.Attempt)
		}
		for _, it := range j.Items {
			if next++; it.Seq != next {
				t.Errorf("item %d came as number %d", it.Seq, next)
			}
		}
		out = append(out, len(j.Items))
	}
	return out
}

func numbered(n, size int) []job.Item {
	var texts []string
	for range n {
		texts = append(texts, strings.Repeat("x", size))
	}
	return items(texts...)
}

func TestJobs(t *testing.T) {
	small := Limits{Arg: 100, Total: 1000}
	five := numbered(5, 1)
	for _, c := range []struct {
		name string
		spec Spec
		in   iter.Seq2[job.Item, error]
		want []int
	}{
		{"none", Spec{}, feed(nil, nil), nil},
		{"one by one", Spec{}, feed(five, nil), []int{1, 1, 1, 1, 1}},
		{"twos", Spec{Batch: 2}, feed(five, nil), []int{2, 2, 1}},
		{"error", Spec{Batch: 2}, feed(five[:3], errors.New("x")), []int{2, 1, -1}},
		{"error and more", Spec{Batch: 2}, feed(five[:3], errors.New("x"), five[3:]...), []int{2, 1, -1, 2}},
		{"spread", Spec{Batch: BatchEven, Workers: 3}, feed(five, nil), []int{2, 2, 1}},
		{"spread few", Spec{Batch: BatchEven, Workers: 8}, feed(five, nil), []int{1, 1, 1, 1, 1}},
		{"no workers", Spec{Batch: BatchEven}, feed(five, nil), []int{5}},
		{"even", Spec{Batch: BatchEven, Workers: 2, Limits: small}, feed(numbered(100, 11), nil), []int{49, 49, 1, 1}},
		{"even error", Spec{Batch: BatchEven, Workers: 2}, feed(five[:3], errors.New("x"), five[3:]...), []int{2, 1, -1, 1, 1}},
		{"even pipe", Spec{Batch: BatchEven, Pipe: true, Workers: 2}, feed(numbered(5, 400_000), nil), []int{2, 2, 1}},
		{"max", Spec{Batch: BatchMax, Workers: 3}, feed(five, nil), []int{5}},
		{"max full", Spec{Batch: BatchMax, Workers: 2, Limits: small}, feed(numbered(101, 11), nil), []int{49, 49, 3}},
		{"max error", Spec{Batch: BatchMax, Workers: 2}, feed(five[:3], errors.New("x"), five[3:]...), []int{3, -1, 2}},
		{"oversize", Spec{Batch: 3, Limits: small}, feed(items("a", strings.Repeat("b", 200), "c", "d", "e"), nil), []int{1, 1, 3}},
		{"oversize total", Spec{Batch: 9, Limits: small}, feed(numbered(20, 90), nil), []int{9, 9, 2}},
		{"pipe", Spec{Batch: BatchMax, Pipe: true, Workers: 1}, feed(numbered(3, 500_000), nil), []int{2, 1}},
		{"pipe big", Spec{Batch: BatchMax, Pipe: true, Workers: 1}, feed(numbered(3, 2_000_000), nil), []int{1, 1, 1}},
	} {
		c.spec.Command = []string{"x"}
		if got := sizes(t, mustCompile(t, c.spec), c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// TestFull holds that BatchMax fills jobs to the last item that fits, and that
// what it makes never fails the check.
func TestFull(t *testing.T) {
	limits := Limits{Arg: 400, Total: 4000}
	for _, command := range [][]string{{"x"}, {"x", "dir/{}.y", "{}"}, {"x", "{.}", "{#}"}, {"x -a {} | y b{}"}, {"x=$(y {}); z {}"}, {"f() { x {}; }; f"}, {"x d/{}"}} {
		tt := mustCompile(t, Spec{Command: command, Batch: BatchMax, Workers: 1, Limits: limits})
		list := make([]job.Item, 500)
		for i := range list {
			list[i] = job.Item{Seq: int64(i + 1), Fields: []string{strings.Repeat("i", 1+i%37)}}
		}
		for j, err := range tt.Jobs(feed(list, nil)) {
			if err != nil {
				t.Fatal(err)
			}
			for _, argv := range commandLines(t, tt, j) {
				if err := limits.Check(argv, j); err != nil {
					t.Errorf("%q, job %d of %d items: %v", command, j.Index, len(j.Items), err)
				}
			}
			last := j.Items[len(j.Items)-1].Seq
			if tt.Form() == ProgramForm && last < int64(len(list)) {
				j.Items = append(slices.Clone(j.Items), list[last])
				if limits.Check(commandLines(t, tt, j)[0], j) == nil && !strings.Contains(strings.Join(command, ""), "#") {
					t.Errorf("%q: job %d is not full with %d items", command, j.Index, len(j.Items)-1)
				}
			}
		}
	}
}

// commandLines are the argument lists of all ways to run a job.
func commandLines(t *testing.T, tt *Template, j job.Job) [][]string {
	t.Helper()
	var out [][]string
	if tt.Plan() != nil {
		for _, s := range tt.Plan().Steps {
			for _, c := range s.Pipeline {
				argv, err := c.Argv(nil, j)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, argv)
			}
		}
	}
	if tt.Form() == ScriptForm {
		text, params, err := tt.Shell(j)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, append([]string{"/usr/bin/bash", "-c", text, "bash"}, params...))
	}
	return out
}

func TestStop(t *testing.T) {
	for _, batch := range []int{1, 2, BatchMax, BatchEven} {
		tt := mustCompile(t, Spec{Command: []string{"x"}, Batch: batch, Workers: 3})
		for range tt.Jobs(feed(numbered(9, 1), errors.New("x"))) {
			break
		}
	}
}

func TestStdin(t *testing.T) {
	j := job.Job{Items: items("a", "b")}
	if got := mustCompile(t, Spec{Command: []string{"x"}, Pipe: true, Terminator: "\n"}).Stdin(j); !slices.Equal(got, []string{"a", "\n", "b", "\n"}) {
		t.Errorf("got %q", got)
	}
	if got := mustCompile(t, Spec{Command: []string{"x"}}).Stdin(j); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestCheck(t *testing.T) {
	j := job.Job{Items: items(strings.Repeat("q", 100))}
	l := Limits{Arg: 10, Total: 40}
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"x", "123456789"}, ""},
		{[]string{"x", "1234567890"}, "argument 1 is 10 bytes long, the system allows 9"},
		{[]string{"x", "1", "2", "3", "4"}, "the arguments take 50 bytes, the system allows 40"},
	} {
		err := l.Check(c.argv, j)
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--pipe") || len(err.Error()) > 250 {
			t.Errorf("%q: %v", c.argv, err)
		}
	}
	if err := (Limits{}).Check([]string{"x"}, j); err != nil {
		t.Error(err)
	}
}

func BenchmarkExpand(b *testing.B) {
	for _, command := range [][]string{{"echo", "{}"}, {"echo", "a/{.}"}, {"echo {} | wc"}} {
		b.Run(fmt.Sprint(command), func(b *testing.B) {
			c := mustCompile(b, Spec{Command: command}).Plan().Steps[0].Pipeline[0]
			j := job.Job{Index: 1, Items: items("item.txt")}
			dst := make([]string, 0, 8)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Argv(dst[:0], j); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkShell(b *testing.B) {
	tt := mustCompile(b, Spec{Command: []string{"cd /; x {} {.}"}})
	j := job.Job{Index: 1, Items: items("item.txt")}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := tt.Shell(j); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJobs(b *testing.B) {
	for _, batch := range []int{1, 10, BatchMax, BatchEven} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			tt := mustCompile(b, Spec{Command: []string{"echo", "{}"}, Batch: batch, Workers: 4, Limits: Limits{Arg: 131072, Total: 2_000_000}})
			it := items("item")[0]
			b.ReportAllocs()
			next := func(yield func(job.Item, error) bool) {
				for b.Loop() {
					if !yield(it, nil) {
						return
					}
				}
			}
			for range tt.Jobs(next) {
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Compile(Spec{Command: []string{"gzip -c {} | wc -c > {.}.n"}})
	}
}
