package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// runCases runs the cases of a table, six at a time, because they mostly wait.
func runCases[C any](t *testing.T, cases []C, name func(C) string, run func(t *testing.T, c C)) {
	slots := make(chan struct{}, 6)
	t.Run("all", func(t *testing.T) {
		for _, c := range cases {
			t.Run(name(c), func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				run(t, c)
			})
		}
	})
}

// sequence returns what seq prints.
func sequence(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strconv.Itoa(i+1) + "\n")
	}
	return b.String()
}

// mixed holds scripts of commands that fanout runs itself and of programs, with the output of each for an item.
var mixed = map[string]func(item string) string{
	"seq 20000; echo ok {}":                       func(it string) string { return sequence(20000) + "ok " + it + "\n" },
	"echo a {}; seq 15000; :; echo z {}":          func(it string) string { return "a " + it + "\n" + sequence(15000) + "z " + it + "\n" },
	"true && seq 15000 && echo {} || false; echo": func(it string) string { return sequence(15000) + it + "\n\n" },
	"seq 9000 | cat; echo {}; seq 9000 | cat; echo -n {}; echo": func(it string) string {
		return sequence(9000) + it + "\n" + sequence(9000) + it + "\n"
	},
	"echo {}; false || echo or {}":                   func(it string) string { return it + "\nor " + it + "\n" },
	`head -c 600000 /dev/zero | tr "\0" {}; echo; :`: func(it string) string { return strings.Repeat(it, 600000) + "\n" },
	"seq 20000 >&2; echo {}; seq 20000":              func(it string) string { return it + "\n" + sequence(20000) },
}

// readers holds the ways to read the output.
var readers = map[string]func(r io.Reader, w io.Writer){
	"fast": func(r io.Reader, w io.Writer) { io.Copy(w, r) },
	"slow": func(r io.Reader, w io.Writer) {
		for {
			if _, err := io.CopyN(w, r, 8<<10); err != nil {
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
	},
	"stops": func(r io.Reader, w io.Writer) {
		io.CopyN(w, r, 10<<10)
		time.Sleep(2 * time.Second)
		io.Copy(w, r)
	},
}

// outputs holds the ways of output, and the check of each.
var outputs = map[string]struct {
	flags []string
	right func(got []byte, a, b string) bool
}{
	"-k":    {[]string{"-k"}, func(got []byte, a, b string) bool { return string(got) == a+b }},
	"group": {nil, func(got []byte, a, b string) bool { return string(got) == a+b || string(got) == b+a }},
	"line":  {[]string{"--output", "line"}, func(got []byte, a, b string) bool { return sameLines(string(got), a+b) }},
	"raw":   {[]string{"--output", "raw", "-j1"}, func(got []byte, a, b string) bool { return string(got) == a+b }},
	"json": {[]string{"--json", "-k"}, func(got []byte, a, b string) bool {
		var all string
		for d := json.NewDecoder(bytes.NewReader(got)); ; {
			var line struct{ Stdout string }
			if d.Decode(&line) != nil {
				return all == a+b
			}
			all += line.Stdout
		}
	}},
	"-o": {[]string{"-k", "-o", "out"}, func(got []byte, a, b string) bool { return string(got) == a+b }},
}

func sameLines(a, b string) bool {
	one, other := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	slices.Sort(one)
	slices.Sort(other)
	return slices.Equal(one, other)
}

type reading struct{ script, reader, output, mode string }

// TestReaders: for every speed of the reader and every mix of fanout's own output with that of programs, all of the
// output arrives, and the run ends.
func TestReaders(t *testing.T) {
	testkit.Slow(t)
	var cases []reading
	for script := range mixed {
		for reader := range readers {
			for output := range outputs {
				// Each pair of script, reader and output is there, in one of two modes.
				mode := []string{"thread", "process"}[(len(script)+len(reader)+len(output))%2]
				cases = append(cases, reading{script, reader, output, mode})
			}
		}
	}
	if testing.Short() {
		cases = slices.DeleteFunc(cases, func(c reading) bool { return c.reader == "fast" })
	}
	runCases(t, cases, func(c reading) string { return c.mode + " " + c.output + " " + c.reader + " " + c.script }, func(t *testing.T, c reading) {
		r := prepare(t, slices.Concat([]string{"fanout", "--mode", c.mode}, outputs[c.output].flags, []string{c.script, ":::", "a", "b"})...)
		if c.output == "-o" {
			if err := unix.Mkfifo(filepath.Join(r.dir, "out"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r.begin()
		var from io.Reader = r.stdout
		if c.output == "-o" {
			f, err := os.Open(filepath.Join(r.dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			from = f
		}
		var got bytes.Buffer
		var read sync.WaitGroup
		read.Go(func() { readers[c.reader](from, &got) })
		r.ends(0)
		read.Wait()
		want := mixed[c.script]
		if !outputs[c.output].right(got.Bytes(), want("a"), want("b")) {
			t.Errorf("wrong output: %d bytes, want %d: %.300q", got.Len(), len(want("a")+want("b")), got.Bytes())
		}
	})
}

// TestReaderCloses: a reader that closes the output in mid-run ends the run.
func TestReaderCloses(t *testing.T) {
	var cases []reading
	for output := range outputs {
		cases = append(cases, reading{"seq 200000; echo {}; sleep 1000", "", output, "thread"}, reading{"echo {}; seq 200000; echo; sleep 1000", "", output, "process"})
	}
	runCases(t, cases, func(c reading) string { return c.mode + " " + c.output }, func(t *testing.T, c reading) {
		r := prepare(t, slices.Concat([]string{"fanout", "--grace", "0.2", "--mode", c.mode}, outputs[c.output].flags, []string{c.script, ":::", "a", "b"})...)
		if c.output == "json" { // the record of a job comes when it has ended
			r.cmd.Args = slices.Replace(r.cmd.Args, slices.Index(r.cmd.Args, c.script), slices.Index(r.cmd.Args, c.script)+1, "seq 200000; echo {}")
		}
		if c.output == "-o" {
			if err := unix.Mkfifo(filepath.Join(r.dir, "out"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r.begin()
		out := r.stdout
		if c.output == "-o" {
			var err error
			if out, err = os.Open(filepath.Join(r.dir, "out")); err != nil {
				t.Fatal(err)
			}
		}
		io.ReadFull(out, make([]byte, 10))
		out.Close()
		r.ends(141)
	})
}
