package collect

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"fanout/internal/job"

	"golang.org/x/sys/unix"
)

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
