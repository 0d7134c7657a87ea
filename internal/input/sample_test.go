package input

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
)

func sampleOf(t *testing.T, items ...string) *Sample {
	t.Helper()
	in, err := Open(Spec{Delimiter: newline, Sources: []Source{{Args: items}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSample(in)
	t.Cleanup(func() { s.End() })
	return s
}

func yielded(t *testing.T, s *Sample) (all []string) {
	t.Helper()
	for it, err := range s.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if it.Seq != int64(len(all)+1) {
			t.Errorf("item %q is number %d", it, it.Seq)
		}
		all = append(all, it.String())
	}
	return all
}

func TestSample(t *testing.T) {
	s := sampleOf(t, "a", "b", "c")
	for _, tt := range []struct {
		n    int
		want []string
	}{{1, []string{"a"}}, {2, []string{"a", "b"}}, {9, []string{"a", "b", "c"}}, {1, []string{"a"}}, {0, nil}} {
		n, err := s.Fill(t.Context(), tt.n)
		if got := yielded(t, s); err != nil || n != len(tt.want) || !slices.Equal(got, tt.want) || !slices.Equal(yielded(t, s), tt.want) {
			t.Errorf("%d: %d, %q, %v; want %q", tt.n, n, got, err, tt.want)
		}
	}
}

// What is kept is bounded in bytes.
func TestSampleOfLargeItems(t *testing.T) {
	large := strings.Repeat("x", sampleMax/4)
	s := sampleOf(t, large, large, large, large, large, large)
	if n, err := s.Fill(t.Context(), 6); err != nil || n != 4 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestSampleError(t *testing.T) {
	s := sampleOf(t, "a", "b")
	s.pull, s.stop = func() (job.Item, error, bool) { return job.Item{}, errors.ErrUnsupported, true }, func() {}
	if _, err := s.Fill(t.Context(), 2); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
