package remote

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"fanout/internal/process"
)

// brink is a peer whose shell becomes a worker at the moment in which it is given up, and its starter.
type brink struct {
	io.Reader
	killed atomic.Bool
}

func (b *brink) begin(_, _ string, _ *relay) (peer, error) { return b, nil }

func (*brink) Write(b []byte) (int, error) { return len(b), nil }
func (*brink) Close() error                { return nil }
func (*brink) Release()                    {}
func (*brink) Dismiss()                    {}
func (b *brink) Stop()                     { b.killed.Store(true) }
func (b *brink) Kill()                     { b.killed.Store(true) }
func (*brink) Wait() process.Result        { return process.Result{} }

// after is a reader that does something first.
type after struct {
	do func()
	io.Reader
}

func (a after) Read(b []byte) (int, error) {
	a.do()
	return a.Reader.Read(b)
}

// TestGivenUpWhileItBegins ends a worker just when it begins: then it is none, and what it says of that is not shown.
func TestGivenUpWhileItBegins(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("the run is over")
	b := &brink{Reader: after{do: func() { cancel(over) }, Reader: strings.NewReader("token run\n")}}
	var shown strings.Builder
	s, err := transport{starter: b}.start(Here{Stderr: &shown}, "n1", "id", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.become(ctx, "token", Program{}); !errors.Is(err, over) {
		t.Errorf("it has become a worker: %v", err)
	}
	io.WriteString(s.stderr, "the step is cancelled\n")
	if shown.Len() > 0 || !b.killed.Load() {
		t.Errorf("killed: %t; shown: %q", b.killed.Load(), shown.String())
	}
}

// TestRelay checks that a host's lines come through whole, and that the line that leaves no hope is kept of all that it
// says.
func TestRelay(t *testing.T) {
	var shown strings.Builder
	stderr := newRelay(&shown, "n1", messages{hopeless: func(said string) bool { return strings.Contains(said, "unrecognized") }})
	io.WriteString(stderr, "srun: unrecognized option\nTry --help\nfor mo")
	if said := stderr.last(); said != "srun: unrecognized option" {
		t.Errorf("of all that it says, %q is kept", said)
	}
	stderr.through()
	long := strings.Repeat("x", 100<<10)
	io.WriteString(stderr, "re\n"+long+"\nend\n")
	if got := strings.ReplaceAll(strings.ReplaceAll(shown.String(), "n1: ", ""), "\n", ""); got != "for more"+long+"end" {
		t.Errorf("%d bytes are shown, beginning with %.20q", len(got), got)
	}
}
