package progress

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fanout/internal/sink"

	"github.com/mattn/go-runewidth"
)

// terminal interprets bytes as a terminal does: it knows the few sequences that are used.
type terminal struct {
	t     *testing.T
	width int
	lines [][]rune // all, also those that have scrolled away
	row   int
	col   int
}

func (e *terminal) write(s string) {
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' })
			n, _ := strconv.Atoi(rest[:end])
			switch rest[end] {
			case 'A':
				if e.row -= n; e.row < 0 {
					e.t.Errorf("up by %d, above the first line", n)
					e.row = 0
				}
			case 'K':
				if e.row < len(e.lines) {
					e.lines[e.row] = nil
				}
			case 'm':
			default:
				e.t.Errorf("an unknown sequence: %.10q", s)
			}
			s = rest[end+1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch r {
		case '\n':
			e.row, e.col = e.row+1, 0
		case '\r':
			e.col = 0
		default:
			if e.col == e.width {
				e.row, e.col = e.row+1, 0
			}
			for len(e.lines) <= e.row {
				e.lines = append(e.lines, nil)
			}
			e.lines[e.row] = append(e.lines[e.row][:e.col], r)
			e.col++
		}
	}
}

func (e *terminal) text() string {
	var all []string
	for _, l := range e.lines {
		all = append(all, string(l))
	}
	return strings.TrimRight(strings.Join(all, "\n"), "\n")
}

// testScreen returns a Screen of so many columns, and what a terminal shows of its bytes.
func testScreen(t *testing.T, width int) (*Screen, func() string) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	s := &Screen{size: func() (int, int, error) { return width, 24, nil }, ended: make(chan struct{})}
	if s.out, err = sink.NewFile(int(f.Fd()), "the terminal"); err != nil {
		t.Fatal(err)
	}
	if s.pipe[0], s.pipe[1], err = os.Pipe(); err != nil {
		t.Fatal(err)
	}
	go s.scroll()
	return s, func() string {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		e := terminal{t: t, width: width}
		e.write(string(text))
		return e.text()
	}
}

// TestScreen: whatever is printed and drawn, and however it is cut into pieces, at the end the terminal shows all that was
// printed, in order, and nothing of the bars.
func TestScreen(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		width := []int{20, 80, 200}[seed%3]
		s, seen := testScreen(t, width)
		want := ""
		for range 50 {
			if r.IntN(2) == 0 {
				var frame strings.Builder
				for i := range r.IntN(6) {
					fmt.Fprintf(&frame, "bar %d %s\n", i, strings.Repeat("━", r.IntN(width-8)))
				}
				s.show([]byte(frame.String()))
				continue
			}
			text := strings.Repeat("x", r.IntN(2*width)) + []string{"", "\n", "\n\n", "y\nz"}[r.IntN(4)]
			want += text
			s.print([]byte(text))
		}
		s.Close()
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		plain := terminal{t: t, width: width}
		plain.write(want)
		if got := seen(); got != plain.text() {
			t.Fatalf("seed %d: %q\nwant %q", seed, got, plain.text())
		}
	}
}

// TestScreenFrames: while there are bars, they are the last lines.
func TestScreenFrames(t *testing.T) {
	s, seen := testScreen(t, 20)
	s.show([]byte("bar 1\nbar 2\n"))
	s.print([]byte("one\ntw"))
	if got := seen(); got != "one\nbar 1\nbar 2" {
		t.Errorf("%q", got)
	}
	s.print([]byte("o\n"))
	s.show([]byte("bar 3\n"))
	if got := seen(); got != "one\ntwo\nbar 3" {
		t.Errorf("%q", got)
	}
	// The terminal becomes narrower, and wraps what it shows.
	s.show([]byte(strings.Repeat("b", 18) + "\n"))
	s.size = func() (int, int, error) { return 10, 24, nil }
	if got := s.rows(); got != 2 {
		t.Errorf("%d rows", got)
	}
	if !s.Drawn() {
		t.Error("nothing was drawn")
	}
	s.Close()
}

// TestScreenPipe: what other goroutines and processes write comes through the pipe, to its end.
func TestScreenPipe(t *testing.T) {
	s, seen := testScreen(t, 80)
	var want []string
	for i := range 5000 {
		fmt.Fprintf(s.Pipe(), "line %d\n", i)
		want = append(want, fmt.Sprintf("line %d", i))
	}
	s.show([]byte("bar\n"))
	s.Close()
	if got := strings.Split(seen(), "\n"); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
}

// TestDescribe: a row never has more columns than there are, whatever the item is.
func TestDescribe(t *testing.T) {
	labels := []string{"", "a", strings.Repeat("long ", 100), "日本語の長い名前の写真.jpg", "tab\there", "esc\x1b[31mred", "new\nline", "\xff\xfe", "👩‍👩‍👧‍👦 family", "e\u0301"}
	for _, ascii := range []bool{false, true} {
		for _, timeout := range []time.Duration{0, time.Minute} {
			d := newDrawing(New(Spec{ASCII: ascii, Timeout: timeout, Slots: 4}, Sources{}))
			for _, label := range labels {
				for width := range 120 {
					row := d.describe(&frame{median: time.Second}, Running{Slot: 12, Label: label, For: 90 * time.Second, Attempt: 2}, width)
					if w := runewidth.StringWidth(row); w > width || strings.ContainsAny(row, "\n\t\x1b") {
						t.Errorf("%q in %d columns: %q has %d", label, width, row, w)
					}
					if ascii && strings.IndexFunc(row, func(r rune) bool { return r > '~' }) >= 0 && width > 30 {
						t.Errorf("not ASCII: %q", row)
					}
				}
			}
		}
	}
}

func TestColumns(t *testing.T) {
	for line, want := range map[string]int{"": 0, "abc\n": 3, "\x1b[31mab\x1b[0mc\n": 3, "日本": 4, "━━": 2} {
		if got := columns([]byte(line)); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}
