package input

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// pieces is a reader that returns its bytes in reads of random sizes.
type pieces struct {
	*strings.Reader
	rnd *rand.Rand
}

func inPieces(s string, seed uint64) pieces {
	return pieces{strings.NewReader(s), rand.New(rand.NewPCG(seed, seed))}
}

func (p pieces) Read(b []byte) (int, error) {
	return p.Reader.Read(b[:min(len(b), 1+p.rnd.IntN(9))])
}

func FuzzSplit(f *testing.F) {
	for seed, tt := range linesTable {
		f.Add(tt.in, tt.delim, uint64(seed))
	}
	f.Fuzz(func(t *testing.T, in, delim string, seed uint64) {
		if delim == "" {
			t.Skip("not a valid Spec")
		}
		want := strings.Split(in, delim)
		if last := len(want) - 1; want[last] == "" {
			want = want[:last]
		}
		got, err := drain(newLines(inPieces(in, seed), delim))
		if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%q by %q: %q, %v; want %q", in, delim, got, err, want)
		}
	})
}

func FuzzShellWords(f *testing.F) {
	for seed, tt := range wordsTable {
		f.Add(tt.in, uint64(seed))
	}
	f.Fuzz(func(t *testing.T, in string, seed uint64) {
		whole, wholeErr := drain(newWords(strings.NewReader(in), "f"))
		got, err := drain(newWords(inPieces(in, seed), "f"))
		if (err == nil) != (wholeErr == nil) || !reflect.DeepEqual(got, whole) {
			t.Errorf("%q depends on the reads: %q, %v or %q, %v", in, got, err, whole, wholeErr)
		}
		words, bytes := plain(strings.Join(got, "")), plain(in)
		if err == nil && words != bytes || !strings.HasPrefix(bytes, words) {
			t.Errorf("%q: %q, %v: bytes were lost", in, got, err)
		}
	})
}

// plain is s without the bytes that may end or quote a word.
func plain(s string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\n", "", "\v", "", "\f", "", "\r", "", "'", "", `"`, "", `\`, "").Replace(s)
}

func FuzzParseDelimiter(f *testing.F) {
	for _, s := range []string{`\n`, `\x41`, `\0`, `\`, `a\`, `\777`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseDelimiter(s)
		if err == nil && got == "" || !strings.Contains(s, `\`) && s != "" && got != s {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	})
}
