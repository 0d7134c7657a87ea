package input

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// xargs gives the arguments that GNU xargs makes of its input, and whether it
// was content with it.
func xargs(t *testing.T, in string, flags ...string) (items []string, ok bool) {
	t.Helper()
	cmd := exec.Command("xargs", append(flags, "-r", "printf", `%s\0`)...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.Output()
	for item := range bytes.SplitSeq(out, []byte{0}) {
		items = append(items, string(item))
	}
	if items = items[:len(items)-1]; len(items) == 0 {
		items = nil
	}
	return items, err == nil
}

func needXargs(t *testing.T) {
	t.Helper()
	testkit.Needs(t, "xargs")
	if out, err := exec.Command("xargs", "--version").Output(); err != nil || !bytes.Contains(out, []byte("GNU")) {
		t.Skipf("no GNU xargs to compare with: %v", err)
	}
}

func TestWordsAsXargs(t *testing.T) {
	needXargs(t)
	for _, tt := range wordsTable {
		if got, ok := xargs(t, tt.in); !ok || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("xargs makes %q of %q, the table %q", got, tt.in, tt.want)
		}
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		in := make([]byte, rnd.IntN(16))
		for i := range in {
			const alphabet = "  \t\n\n\r\v''\"\"\\\\ab#\xff"
			in[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		text := string(in) + "\n" // at the end of the file we differ, see words
		got, err := drain(newWords(strings.NewReader(text), "f"))
		if want, ok := xargs(t, text); (err == nil) != ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, %v; xargs makes %q, %v", text, got, err, want, ok)
		}
	}
}

func TestLinesAsXargs(t *testing.T) {
	needXargs(t)
	for _, tt := range linesTable {
		if len(tt.delim) != 1 || strings.Contains(tt.in, "\x00") && tt.delim != "\x00" {
			continue // xargs knows delimiters of one byte and has no NUL in an item
		}
		flags := []string{"-d", tt.delim}
		if tt.delim == "\x00" {
			flags = []string{"-0"}
		}
		if got, ok := xargs(t, tt.in, flags...); !ok || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("xargs %q makes %q of %q, the table %q", flags, got, tt.in, tt.want)
		}
	}
}

func TestDelimiterAsXargs(t *testing.T) {
	needXargs(t)
	for _, delim := range []string{",", `\n`, `\t`, `\r`, `\a`, `\b`, `\f`, `\v`, `\\`, `\`, `\x2c`, `\054`, `\54`} {
		parsed, err := ParseDelimiter(delim)
		if err != nil {
			t.Fatal(err)
		}
		in := "a,b\nc\td\re\af\bg\fh\vi\\j"
		want, ok := xargs(t, in, "-d", delim)
		if got, err := drain(newLines(strings.NewReader(in), parsed)); !ok || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("-d %s: %q, %v; xargs makes %q, %v", delim, got, err, want, ok)
		}
	}
}

// TestProductAsParallel confirms which source is the slowest.
func TestProductAsParallel(t *testing.T) {
	testkit.Needs(t, "parallel")
	out, err := exec.Command("parallel", "-k", "-j1", "echo {}", ":::", "a", "b", ":::", "1", "2", ":::", "x", "y").Output()
	if err != nil {
		t.Skipf("no GNU parallel to compare with: %v", err)
	}
	items, err := read(t, Spec{Delimiter: "\n", Sources: []Source{argsOf("a", "b"), argsOf("1", "2"), argsOf("x", "y")}}, nil)
	var got strings.Builder
	for _, item := range items {
		got.WriteString(item.String() + "\n")
	}
	if err != nil || got.String() != string(out) {
		t.Errorf("%q, %v; parallel makes %q", got.String(), err, out)
	}
}
