package remote

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"fanout/internal/pool"
	"fanout/internal/worker"
)

// scripted is a Backend that offers hosts once, and notes what it is asked to clean.
type scripted struct {
	hosts []pool.Host
	err   error

	mu      sync.Mutex
	cleaned []string
}

func (*scripted) Launch(context.Context, int, string) (worker.Link, error) {
	return nil, errors.New("no worker is wanted")
}

func (s *scripted) Capacity(_ context.Context, offer func([]pool.Host)) error {
	offer(s.hosts)
	return s.err
}

func (s *scripted) Clean(_ context.Context, run, host string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleaned = append(s.cleaned, run+" "+host)
	if host == "n2" {
		return []string{"killed process 7"}, nil
	}
	return nil, errors.New("no route")
}

func TestSession(t *testing.T) {
	for _, tt := range []struct {
		kind    Kind
		hosts   []string
		cleaned []string
		warned  []string
	}{
		{SSHKind, []string{"n1", "n2"}, []string{"RUN n1", "RUN n2"}, []string{
			"leftovers of a worker that has died may still run there: no route; run fanout cleanup on that host", "n2: killed process 7",
		}},
		{SlurmKind, nil, []string{"RUN ", "RUN n1", "RUN n2"}, []string{
			"leftovers of a worker that has died may still run there: no route; run fanout cleanup on that host", "n2: killed process 7",
			"the cluster may still hold something for this run: no route",
		}},
	} {
		b := &scripted{hosts: []pool.Host{{Name: "n2", Workers: 1, Threads: 1}, {Name: "n1", Workers: 1, Threads: 1}}}
		var mu sync.Mutex
		var warned []string
		s := newSession(b, Spec{Kind: tt.kind}, Here{Run: "RUN", Warn: func(text string) {
			mu.Lock()
			defer mu.Unlock()
			warned = append(warned, text)
		}})
		p := pool.New(pool.Spec{Growing: true}, nil, func(err error) { t.Error(err) })
		s.Offer(p, func(err error) { t.Error(err) })()
		for _, host := range []string{"n2", "n1", "n2"} {
			s.Died(host)
		}
		s.CleanUp()
		p.Close()
		slices.Sort(b.cleaned)
		slices.Sort(warned)
		if !slices.Equal(s.Hosts(), tt.hosts) || !slices.Equal(b.cleaned, tt.cleaned) || !slices.Equal(warned, tt.warned) {
			t.Errorf("%s: hosts %q, cleaned %q, warned %q", tt.kind, s.Hosts(), b.cleaned, warned)
		}
	}
}

// TestSessionFails checks that a backend without hosts ends the run.
func TestSessionFails(t *testing.T) {
	s := newSession(&scripted{err: errors.New("no cluster")}, Spec{Kind: RayKind}, Here{})
	p := pool.New(pool.Spec{Growing: true}, nil, func(error) {})
	defer p.Close()
	failed := make(chan error, 1)
	end := s.Offer(p, func(err error) { failed <- err })
	defer end()
	if err := <-failed; !strings.Contains(err.Error(), "no cluster") {
		t.Error(err)
	}
}
