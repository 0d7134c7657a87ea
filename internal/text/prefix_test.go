package text

import (
	"bytes"
	"strings"
	"testing"
)

// pieces records each write.
type pieces struct{ all []string }

func (p *pieces) Write(b []byte) (int, error) {
	p.all = append(p.all, string(b))
	return len(b), nil
}

func TestPrefixer(t *testing.T) {
	var to pieces
	p := Prefixer{To: &to, Prefix: "n1: "}
	for _, s := range []string{"one\ntwo\nthr", "ee\n", "\n", "rest"} {
		p.Write([]byte(s))
	}
	p.Flush()
	if got, want := strings.Join(to.all, "|"), "n1: one\nn1: two\n|n1: three\n|n1: \n|n1: rest\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPrefixerShow(t *testing.T) {
	var to pieces
	p := Prefixer{To: &to, Prefix: "> ", Show: func(line []byte) ([]byte, bool) {
		return bytes.ToUpper(line), !bytes.HasPrefix(line, []byte("#"))
	}}
	p.Write([]byte("a\n# b\nc\n"))
	p.Write([]byte("# d\nlost"))
	if got, want := string(p.Part()), "lost"; got != want {
		t.Errorf("the part is %q, want %q", got, want)
	}
	p.Drop()
	p.Flush()
	if got, want := strings.Join(to.all, "|"), "> A\n> C\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A line without an end does not gather in memory.
func TestPrefixerLong(t *testing.T) {
	var to pieces
	p := Prefixer{To: &to}
	for range 3 {
		p.Write(bytes.Repeat([]byte("x"), longestLine))
	}
	p.Write([]byte("\n"))
	got := strings.Join(to.all, "")
	if strings.Count(got, "x") != 3*longestLine || strings.Count(got, "\n") != 2 || len(p.Part()) > 0 {
		t.Errorf("%d bytes, %d lines", len(got), strings.Count(got, "\n"))
	}
}
