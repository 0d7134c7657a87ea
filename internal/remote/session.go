package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"fanout/internal/pool"
)

// Session is a run's use of a [Backend]: it knows which hosts the run has been offered, and where workers have died.
type Session struct {
	Backend

	spec Spec
	run  string
	warn func(text string)

	mu      sync.Mutex // guards these
	offered map[string]bool
	died    map[string]bool
}

// NewSession makes the backend for a run.
func NewSession(spec Spec, here Here) (*Session, error) {
	b, err := New(spec, here)
	if err != nil {
		return nil, err
	}
	return newSession(b, spec, here), nil
}

func newSession(b Backend, spec Spec, here Here) *Session {
	return &Session{Backend: b, spec: spec, run: here.Run, warn: here.Warn, offered: map[string]bool{}, died: map[string]bool{}}
}

// Offer gives a pool the hosts that the backend has, until the function that it returns is called. It calls fail when
// the backend has none to give.
func (s *Session) Offer(p *pool.Pool, fail func(error)) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		err := s.Capacity(ctx, func(hosts []pool.Host) {
			s.mu.Lock()
			for _, h := range hosts {
				s.offered[h.Name] = true
			}
			s.mu.Unlock()
			p.Offer(hosts)
		})
		if err != nil && ctx.Err() == nil {
			fail(err)
		}
	})
	return func() {
		cancel()
		watching.Wait()
	}
}

// Hosts returns the names of the machines that may have had workers; nil where the backend does not name machines.
func (s *Session) Hosts() []string {
	if !s.spec.NamesHosts() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.offered))
}

// Died notes that a worker has died on a host.
func (s *Session) Died(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.died[host] = true
}

// CleanUp ends what workers that have died may have left: where their guardian has died with them, nobody else does. It
// gives back what the backend holds for the run.
func (s *Session) CleanUp() {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Second, errors.New("no answer within 20s"))
	defer cancel()
	if s.spec.HoldsJobs() {
		s.Died("")
	}
	s.mu.Lock()
	died := slices.Sorted(maps.Keys(s.died))
	s.mu.Unlock()
	var cleaning sync.WaitGroup
	for _, host := range died {
		cleaning.Go(func() {
			lines, err := s.Clean(ctx, s.run, host)
			for _, line := range lines {
				s.warn(fmt.Sprintf("%s: %s", host, line))
			}
			switch {
			case err == nil:
			case host == "":
				s.warn(fmt.Sprintf("the cluster may still hold something for this run: %v", err))
			default:
				s.warn(fmt.Sprintf("leftovers of a worker that has died may still run there: %v; run fanout cleanup on that host", err))
			}
		})
	}
	cleaning.Wait()
}
