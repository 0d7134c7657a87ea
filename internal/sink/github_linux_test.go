package sink

import (
	"os"
	"strings"
	"testing"

	"fanout/internal/job"
)

// TestAnnotate: whatever items and jobs hold, a failure is one command.
func TestAnnotate(t *testing.T) {
	var s Summary
	for _, item := range []string{"a.txt", "x\n::error::owned", "100%, a:b"} {
		s.Observe(&job.Event{Kind: job.Done, Job: job.Job{Index: 1, Items: []job.Item{{Fields: []string{item}}}},
			Status: job.Status{Outcome: job.Exited, Code: 3}, Tail: []byte("why\n::error::\x1b[1mowned\n")})
	}
	s.Observe(&job.Event{Kind: job.Done, Status: job.Status{Outcome: job.Exited}})
	var b strings.Builder
	if err := s.Annotate(&b); err != nil {
		t.Fatal(err)
	}
	want := "::error title=job 1%2C \"a.txt\"::exit 3%0Awhy%0A::error::\uFFFD[1mowned\n" +
		"::error title=job 1%2C \"x\\n%3A%3Aerror%3A%3Aowned\"::exit 3%0Awhy%0A::error::\uFFFD[1mowned\n" +
		"::error title=job 1%2C \"100%25%2C a%3Ab\"::exit 3%0Awhy%0A::error::\uFFFD[1mowned\n"
	if b.String() != want {
		t.Errorf("%q\nwant %q", b.String(), want)
	}
}

// TestFolded: both outputs are in the group, each to its last line.
func TestFolded(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := file(t, int(f.Fd()))
	for _, out := range [][2]Printed{{piece{all: "out\n"}, piece{all: "err"}}, {piece{}, piece{}}, {piece{all: strings.Repeat("x", 10), size: 3}, piece{}}} {
		if err := Folded(finished(2, 3, "a\nb"), out, w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(f.Name())
	const title = "::group::job 2, \"a\\nb\": exit 3\n"
	if want := title + "out\nerr\n::endgroup::\n" + title + "::endgroup::\n" + title + "xxxxxxxxxx\n::endgroup::\n"; string(got) != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}
