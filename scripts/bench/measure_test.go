package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testSite has a directory below one that measure may use for its own files.
func testSite(t *testing.T) site {
	dir := filepath.Join(t.TempDir(), "work")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return site{dir: dir, env: os.Environ()}
}

func TestMeasure(t *testing.T) {
	tests := []struct {
		name    string
		command command
		check   check
		forks   int
		want    string // in the error; none when empty
	}{
		{"right", feed("seq 3", "cat"), numbers(3, true), 1, ""},
		{"no feed", plain("sh", "-c", "echo 1"), numbers(1, true), 1, ""},
		{"stdin is empty without a feed", plain("cat"), nothing, 0, ""},
		{"wrong bytes", feed("seq 4", "cat"), numbers(3, true), 0, "4 whole lines"},
		{"much after a wrong byte", plain("sh", "-c", "echo x; seq 100000"), numbers(3, true), 0, "byte 'x'"},
		{"exit status", plain("sh", "-c", "echo why >&2; exit 3"), nothing, 0, "exit status 3\nits stderr ends: why"},
		{"feed fails", feed("exit 4", "cat"), nothing, 0, "exit 4: exit status 4"},
		{"program is missing", feed("seq 3", "no-such-program"), nothing, 0, "no-such-program"},
		{"a terminal", command{argv: []string{"sh", "-c", "test -t 2 && echo seen >&2"}, terminal: true, draws: true}, nothing, 0, ""},
		{"nothing on a terminal", command{argv: []string{"true"}, terminal: true, draws: true}, nothing, 0, "nothing was drawn"},
		{"too few processes", plain("true"), nothing, 1 << 30, "processes were started"},
	}
	s := testSite(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := s.measure(t.Context(), test.command, test.check, test.forks)
			if test.want == "" && (err != nil || got.wall <= 0) {
				t.Errorf("%+v, %v", got, err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("no %q in %v", test.want, err)
			}
		})
	}
	if left, _ := os.ReadDir(filepath.Dir(s.dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMeasureTimeout(t *testing.T) {
	late := errors.New("too late")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, late)
	defer cancel()
	began := time.Now()
	_, err := testSite(t).measure(ctx, plain("sh", "-c", "sleep 60; echo 1"), nothing, 0)
	if !errors.Is(err, late) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// The memory of the job must not be taken for the runner's: here sh is the runner and dd, of 64 MiB, the job.
func TestPeakMemoryWithoutJobs(t *testing.T) {
	script := "dd if=/dev/zero of=/dev/null bs=64M count=4 2>/dev/null; sleep 0.1"
	got, err := testSite(t).measure(t.Context(), plain("sh", "-c", script), nothing, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.rss <= 0 || got.rss > 32*mib {
		t.Errorf("peak memory of sh: %d", got.rss)
	}
	if got.cpu <= 0 {
		t.Errorf("CPU time: %s", got.cpu)
	}
}

// A guardian's runner is the same executable and counts: sh starts sh, which alone grows.
func TestPeakMemoryOfSecondProcess(t *testing.T) {
	inner := `x=$(head -c 20000000 /dev/zero | tr '\0' x); sleep 0.2; : "$x"`
	guardian := plain("sh", "-c", `sh -c "$1"; :`, "sh", inner)
	one, err := testSite(t).measure(t.Context(), guardian, nothing, 0)
	if err != nil {
		t.Fatal(err)
	}
	if one.rss < 15*mib {
		t.Errorf("peak memory of both: %d", one.rss)
	}
}
