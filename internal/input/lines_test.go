package input

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// drain gives all values and the error that ended them, nil at the end.
func drain(v values) ([]string, error) {
	var all []string
	for {
		s, err := v.next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
}

var linesTable = []struct {
	delim, in string
	want      []string
}{
	{"\n", "", nil},
	{"\n", "\n", []string{""}},
	{"\n", "a\nb\n", []string{"a", "b"}},
	{"\n", "a\nb", []string{"a", "b"}},
	{"\n", "a\n\nb\n\n", []string{"a", "", "b", ""}},
	{"\n", "a\r\nb\r", []string{"a\r", "b\r"}},
	{"\n", " a \n\tb\t\n", []string{" a ", "\tb\t"}},
	{"\n", "\xff\xfe\n\x00\n", []string{"\xff\xfe", "\x00"}},
	{"\x00", "a\nb\x00\x00c", []string{"a\nb", "", "c"}},
	{"\r\n", "a\r\nb\nc\rd\r\n", []string{"a", "b\nc\rd"}},
	{"\r\n", "a\r", []string{"a\r"}},
	{"aa", "aaa", []string{"", "a"}},
	{"aa", "aaaa", []string{"", ""}},
	{"aab", "aaab", []string{"a"}},
	{"abab", "ababab", []string{"", "ab"}},
	{"--END--", "x--END--y--EN--END--", []string{"x", "y--EN"}},
	{"é", "1é2é", []string{"1", "2"}},
}

func TestLines(t *testing.T) {
	for _, tt := range linesTable {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"at once":       func(r io.Reader) io.Reader { return r },
			"byte by byte":  iotest.OneByteReader,
			"half":          iotest.HalfReader,
			"data with EOF": iotest.DataErrReader,
		} {
			got, err := drain(newLines(wrap(strings.NewReader(tt.in)), tt.delim))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q by %q, %s: %q, %v; want %q", tt.in, tt.delim, name, got, err, tt.want)
			}
		}
	}
}

// TestLinesSplitAnywhere reads the same bytes as two reads, cut at each place.
func TestLinesSplitAnywhere(t *testing.T) {
	for _, tt := range linesTable {
		for cut := range len(tt.in) + 1 {
			r := io.MultiReader(strings.NewReader(tt.in[:cut]), strings.NewReader(tt.in[cut:]))
			got, err := drain(newLines(r, tt.delim))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q by %q, cut at %d: %q, %v; want %q", tt.in, tt.delim, cut, got, err, tt.want)
			}
		}
	}
}

// TestLinesAcrossBuffers puts a delimiter at each place around the end of the
// buffer.
func TestLinesAcrossBuffers(t *testing.T) {
	for _, delim := range []string{"\n", "<=>"} {
		for n := bufferSize - 5; n <= bufferSize+5; n++ {
			want := []string{strings.Repeat("x", n), "y", strings.Repeat("<=", n), ""}
			got, err := drain(newLines(strings.NewReader(strings.Join(want, delim)+delim), delim))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("first item of %d bytes by %q: %d items, %v", n, delim, len(got), err)
			}
		}
	}
}

// TestLinesHuge would take minutes if anything were scanned or moved twice.
func TestLinesHuge(t *testing.T) {
	want := []string{strings.Repeat("ab", 6<<20), "short", strings.Repeat("ba", 1<<20), ""}
	got, err := drain(newLines(strings.NewReader(strings.Join(want, "abc")+"abc"), "abc"))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("large reads: %d items, %v", len(got), err)
	}
	want = []string{strings.Repeat("ab", 1<<19), "end"}
	got, err = drain(newLines(iotest.OneByteReader(strings.NewReader(strings.Join(want, "abc"))), "abc"))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("byte by byte: %d items, %v", len(got), err)
	}
}

// TestLinesGiveMemoryBack: a stream of short items after a huge one is split in
// a small buffer again.
func TestLinesGiveMemoryBack(t *testing.T) {
	short := strings.Repeat("y", 1023) + "\n"
	l := newLines(strings.NewReader(strings.Repeat("x", 4*bufferKept)+"\n"+strings.Repeat(short, 8*bufferKept/1024)), "\n")
	if _, err := drain(l); err != nil {
		t.Fatal(err)
	}
	if len(l.in.buf) > bufferKept {
		t.Errorf("the buffer still has %d bytes", len(l.in.buf))
	}
}

// TestReadError: complete items come first, the torn item does not come at all.
func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	for name, split := range map[string]func(io.Reader) values{
		"lines": func(r io.Reader) values { return newLines(r, "\n") },
		"words": func(r io.Reader) values { return newWords(r, "f") },
	} {
		for _, in := range []string{"a\nb\nc", "a\nb\n", "a\nb\n'c"} {
			v := split(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)))
			got, err := drain(v)
			if !errors.Is(err, broken) || !reflect.DeepEqual(got, []string{"a", "b"}) {
				t.Errorf("%s of %q: %q, %v", name, in, got, err)
			}
		}
	}
}
