package record

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadHeader(t *testing.T) {
	for _, tt := range []struct {
		line   string
		first  bool
		format int    // 0: it is no header
		err    string // a part of it
	}{
		{line: `{"journal":2,"version":"v"}`, first: true, format: 2},
		{line: `{"journal":1,"version":"v"}`, format: 1},
		{line: `{"seq":1}`},
		{line: `{"seq":1}`, first: true, err: "name a file that --journal wrote"},
		{line: `{"taken_back":[1]}`, first: true, err: "name a file that --journal wrote"},
		{line: "", first: true, err: "name a file that --journal wrote"},
		{line: `{"journal":"x"}`, err: "damaged"},
		{line: `{"journal":3,"version":"v9"}`, first: true, err: "formats up to 2: use the fanout that wrote it, version v9"},
	} {
		h, err := ReadHeader([]byte(tt.line), tt.first)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || h != nil {
				t.Errorf("%s: %v, %v", tt.line, h, err)
			}
			continue
		}
		if err != nil || (h != nil) != (tt.format > 0) || h != nil && h.Format != tt.format {
			t.Errorf("%s: %v, %v", tt.line, h, err)
		}
	}
}

func TestReadTakenBack(t *testing.T) {
	for line, programs := range map[string]int{
		`{"taken_back":[3,1],"error":"why","time":"2026-01-02T03:04:05.000Z"}`: 2,
		`{"taken_back":[0]}`: -1,
		`{"taken_back":"x"}`: -1,
	} {
		var back TakenBack
		err := back.Read([]byte(line))
		if !IsTakenBack([]byte(line)) || (err != nil) != (programs < 0) || err != nil && !errors.Is(err, ErrDamaged) || err == nil && len(back.Programs) != programs {
			t.Errorf("%s: %v, %v", line, back, err)
		}
	}
}

func TestPages(t *testing.T) {
	var p Pages[int]
	for _, n := range []int64{0, 1, PageSize - 1, PageSize, 1 << 40} {
		*p.At(n) = int(n) + 1
	}
	for n, want := range map[int64]int{0: 1, 1: 2, 2: 0, PageSize - 1: PageSize, PageSize: PageSize + 1, 1 << 40: 1<<40 + 1} {
		if got := p.Find(n); got == nil || *got != want {
			t.Errorf("%d: %v, want %d", n, got, want)
		}
	}
	var first []int64
	for n, page := range p.All() {
		first = append(first, n)
		if page[0] != int(n)+1 {
			t.Errorf("the page from %d begins with %d", n, page[0])
		}
	}
	if want := []int64{0, PageSize, 1 << 40}; !slices.Equal(first, want) || p.Len() != len(want) {
		t.Errorf("pages from %d, want %d", first, want)
	}
	for _, n := range []int64{-1, -PageSize, 2 * PageSize} {
		if got := p.Find(n); got != nil {
			t.Errorf("%d: %d", n, *got)
		}
	}
}
