package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// TestStressOutput runs 20,000 jobs of echo, which fanout runs itself, and then 600 jobs that are programs, with 64
// workers and in each output mode, and checks every byte. A garbage collection at every percent of growth (GOGC=1)
// reveals buffers that are used after they were given back.
//
// There are few programs because the forks take nearly all of the time: 1,200 for the jobs of one mode, which a run
// under the race detector can bear ten times.
func TestStressOutput(t *testing.T) {
	testkit.Slow(t)
	echoes, programs := echoJobs(20_000), programJobs(t, 600)
	for _, mode := range []mode{
		{flags: "--output=group"},
		{flags: "--output=group -k", keep: true},
		{flags: "--output=group --tag", tag: true},
		{flags: "--output=group -k --tag", keep: true, tag: true, file: true},
		{flags: "--output=group", file: true},
		{flags: "--output=line", lines: true},
		{flags: "--output=line --tag", lines: true, tag: true, file: true},
		{flags: "--output=line -k", lines: true, keep: true, file: true},
		{flags: "--output=line -k --tag", lines: true, keep: true, tag: true},
		{flags: "--output=none", none: true},
	} {
		name := mode.flags
		if mode.file {
			name += " to a file"
		}
		t.Run(name+"/echo", func(t *testing.T) { mode.check(t, echoes) })
		t.Run(name+"/programs", func(t *testing.T) { mode.check(t, programs) })
	}
	// What jobs write by themselves stays whole as long as each job makes one small write.
	t.Run("--output=raw/echo", func(t *testing.T) {
		var w work
		w.command = "echo {} && echo {} >&2"
		for i := range 20_000 {
			w.items = append(w.items, fmt.Sprintf("<%d >", i))
			w.outputs[0] = append(w.outputs[0], w.items[i]+"\n")
			w.outputs[1] = append(w.outputs[1], w.items[i]+"\n")
		}
		mode{flags: "--output=raw"}.check(t, w)
	})
}

// work holds jobs, and what each prints to standard output and standard error. An output begins with "<N ", where N is
// the number of its job from 0, and so does each of its lines.
type work struct {
	command string
	dir     string
	items   []string
	outputs [2][]string
}

// echoJobs print between no bytes and a few lines. The last line may lack its newline.
func echoJobs(n int) work {
	w := work{command: "echo -e {} && echo -e {} >&2"}
	for i := range n {
		lines := make([]string, i%5)
		for k := range lines {
			lines[k] = fmt.Sprintf("<%d %d/%d%s>", i, k+1, len(lines), strings.Repeat("x", i*k%50))
		}
		item, output := strings.Join(lines, `\n`), strings.Join(lines, "\n")
		if i%3 == 0 || len(lines) == 0 {
			item += `\c`
		} else {
			output += "\n"
		}
		w.items = append(w.items, item)
		w.outputs[0] = append(w.outputs[0], output)
		w.outputs[1] = append(w.outputs[1], output)
	}
	return w
}

// programJobs print files of no bytes, one byte, a few lines, 70 KB or 1 MB, some of it in one line, on one or both
// outputs.
func programJobs(t *testing.T, n int) work {
	w := work{command: "cat {} && cat err/{} >&2", dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(w.dir, "err"), 0o777); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		item := strconv.Itoa(i)
		w.items = append(w.items, item)
		for k, dir := range []string{"", "err"} {
			output := ""
			switch random.IntN(8) {
			case 0:
			case 1:
				output = fmt.Sprintf("<%d >", i)
			case 2:
				output = fmt.Sprintf("<%d >\n", i)
			case 3:
				output = fmt.Sprintf("<%d %s>", i, strings.Repeat("long", 70<<10/4))
			case 4:
				output = strings.Repeat(fmt.Sprintf("<%d line>\n", i), 70<<10/12)
			default:
				output = strings.Repeat(fmt.Sprintf("<%d line>\n", i), random.IntN(5)) + fmt.Sprintf("<%d last>", i)
			}
			if i%100 == 50+k {
				output = strings.Repeat(fmt.Sprintf("<%d %s>\n", i, strings.Repeat("y", random.IntN(5000))), 1<<20/2500)
			}
			w.outputs[k] = append(w.outputs[k], output)
			if err := os.WriteFile(filepath.Join(w.dir, dir, item), []byte(output), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

// mode is an output mode, and its promises.
type mode struct {
	flags     string
	lines     bool // whole lines, and not whole jobs
	keep, tag bool
	none      bool
	file      bool // fanout's outputs are files, not pipes
}

// check runs the jobs and checks every byte.
func (m mode) check(t *testing.T, w work) {
	dir := t.TempDir()
	args := append([]string{"-j64"}, strings.Fields(m.flags)...)
	c := testkit.Command(t, "fanout", append(args, w.command)...)
	c.Dir = w.dir
	c.Env = append(os.Environ(), "GOGC=1")
	c.Stdin = strings.NewReader(strings.Join(w.items, "\n") + "\n")
	var got [2]bytes.Buffer
	c.Stdout, c.Stderr = &got[0], &got[1]
	var files [2]*os.File
	if m.file {
		for i := range files {
			f, err := os.Create(filepath.Join(dir, strconv.Itoa(i)))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			files[i] = f
		}
		c.Stdout, c.Stderr = files[0], files[1]
	}
	if err := c.Run(); err != nil {
		t.Fatalf("%v; stderr: %.2000s", err, got[1].Bytes())
	}
	for i := range got {
		text := got[i].String()
		if m.file {
			b, err := os.ReadFile(files[i].Name())
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if err := m.compare(text, m.want(w, i)); err != nil {
			t.Errorf("output %d: %v", i+1, err)
		}
	}
}

// want returns the expected output of each job in this mode.
func (m mode) want(w work, output int) []string {
	want := slices.Clone(w.outputs[output])
	for i, text := range want {
		if text == "" || m.none {
			want[i] = ""
			continue
		}
		complete := strings.HasSuffix(text, "\n")
		if (m.tag || m.lines) && !complete {
			text += "\n"
		}
		if m.tag {
			tag := w.items[i] + "\t"
			text = tag + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+tag) + "\n"
		}
		want[i] = text
	}
	return want
}

// compare removes the expected output from got, piece by piece: a job's whole output or, with lines, its next line.
func (m mode) compare(got string, want []string) error {
	if m.keep {
		if all := strings.Join(want, ""); got != all {
			return differ(got, all)
		}
		return nil
	}
	for at := 0; at < len(got); {
		n, ok := owner(got[at:])
		if !ok || n >= len(want) {
			return fmt.Errorf("byte %d begins no piece of a job: %.100q", at, got[at:])
		}
		piece := want[n]
		if m.lines {
			piece = piece[:strings.IndexByte(piece, '\n')+1]
		}
		if piece == "" || !strings.HasPrefix(got[at:], piece) {
			return fmt.Errorf("at byte %d stands %.100q, job %d has %.100q next", at, got[at:], n, piece)
		}
		want[n] = want[n][len(piece):]
		at += len(piece)
	}
	for n, rest := range want {
		if rest != "" {
			return fmt.Errorf("job %d lacks %.100q", n, rest)
		}
	}
	return nil
}

// owner returns the number of the job whose output begins text, after the tag if there is one.
func owner(text string) (int, bool) {
	_, text, ok := strings.Cut(text, "<")
	number, _, found := strings.Cut(text[:min(len(text), 20)], " ")
	n, err := strconv.Atoi(number)
	return n, ok && found && err == nil
}

func differ(got, want string) error {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%d bytes, want %d; at byte %d stands %.100q, want %.100q", len(got), len(want), at, got[at:], want[at:])
}
