package process

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
)

// TestConfine starts processes from many goroutines, so that the Go runtime starts threads all the time.
func TestConfine(t *testing.T) {
	s, err := NewSupervisor(Spec{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cpus, err := CPUSet()
	if err != nil {
		t.Fatal(err)
	}
	last := cpus[len(cpus)-1]
	if err := s.Confine(3, []int{last}); err != nil {
		t.Fatal(err)
	}
	const nicest = 19 // the tests themselves may have it
	want := []string{fmt.Sprintf("%d\n", min(s.confinement.niceness, nicest)), fmt.Sprintf("\nCpus_allowed_list:\t%d\n", last)}
	const script = "nice; exec cat /proc/self/status"
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 10 {
				r, w, err := os.Pipe()
				if err != nil {
					t.Error(err)
					return
				}
				p, err := s.fork(new(spawner), &Command{
					Path: "/bin/sh", Argv: []string{"sh", "-c", script}, Env: os.Environ(),
					Stdin: s.Null(), Stdout: int(w.Fd()), Stderr: 2,
				}, 0, func(child) {})
				w.Close()
				if err != nil {
					t.Error(err)
					return
				}
				got, _ := io.ReadAll(r)
				r.Close()
				p.reap()
				if !strings.HasPrefix(string(got), want[0]) || !strings.Contains(string(got), want[1]) {
					t.Errorf("%q, not %q", got, want)
					return
				}
			}
		})
	}
	all.Wait()
	if err := s.Confine(0, []int{1000}); err == nil || !strings.Contains(err.Error(), "--cpu-affinity [1000]") {
		t.Errorf("a CPU that is not there: %v", err)
	}
}
