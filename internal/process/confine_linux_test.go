package process

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
)

// TestConfine from many goroutines, so that the Go runtime starts threads all the time.
func TestConfine(t *testing.T) {
	s, err := NewSupervisor(Spec{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cpus := CPUSet()
	last := cpus[len(cpus)-1]
	if err := s.Confine(3, []int{last}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d\nCpus_allowed_list:\t%d\n", s.confinement.niceness, last)
	const script = "nice; exec grep Cpus_allowed_list /proc/self/status"
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
				}, 0, func(proc) {})
				w.Close()
				if err != nil {
					t.Error(err)
					return
				}
				got, _ := io.ReadAll(r)
				r.Close()
				p.reap()
				if string(got) != want {
					t.Errorf("%q, not %q", got, want)
				}
			}
		})
	}
	all.Wait()
	if err := s.Confine(0, []int{1000}); err == nil || !strings.Contains(err.Error(), "--cpu-affinity [1000]") {
		t.Errorf("a CPU that is not there: %v", err)
	}
}
