package collect

import (
	"os"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/sink"
)

// BenchmarkJob is one job from Start to Done, which prints one short line, or a few long ones.
func BenchmarkJob(b *testing.B) {
	for _, bench := range []struct {
		name string
		spec Spec
		text string
	}{
		{"group", Spec{Instant: true}, "a line\n"},
		{"order", Spec{KeepOrder: true, Instant: true}, "a line\n"},
		{"line", Spec{Mode: Line, Instant: true}, "a line\n"},
		{"tag", Spec{Tag: true, Instant: true}, "a line\n"},
		{"large", Spec{Instant: true}, strings.Repeat("a longer line of text\n", 5000)},
		{"streamed", Spec{KeepOrder: true}, strings.Repeat("a longer line of text\n", 500)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer null.Close()
			var files [2]*sink.File
			for i := range files {
				if files[i], err = sink.NewFile(int(null.Fd()), "output"); err != nil {
					b.Fatal(err)
				}
				defer files[i].Close()
			}
			bench.spec.Slots, bench.spec.TmpDir = 1, b.TempDir()
			seen := 0
			c := New(bench.spec, files[0], files[1], Hooks{
				OnError:   func(err error) { b.Error(err) },
				OnFull:    func(err error) { b.Error(err) },
				Observers: []func(*job.Event){func(*job.Event) { seen++ }},
			})
			text := []byte(bench.text)
			j := newJob(0, 1, "an item")
			b.ReportAllocs()
			for b.Loop() {
				j.Index++
				c.Start(j).Stdout.Write(text)
				c.Done(j, job.Status{})
			}
			if err := c.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}
