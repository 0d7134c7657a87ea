package process

import (
	"bytes"
	"context"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// never accepts what it is to hold, and does not get rid of it before the test is over.
type never struct {
	bytes.Buffer
	over atomic.Bool
}

func (n *never) Hold(p []byte) error { n.Write(p); return nil }

func (n *never) Settle() error {
	if n.over.Load() {
		return nil
	}
	time.Sleep(time.Millisecond)
	return unix.EAGAIN
}

// TestSayLooksAfterTheJob: a job is stopped although nobody takes what is written for it.
func TestSayLooksAfterTheJob(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	ctx, cancel := context.WithCancel(t.Context())
	m := mark(t)
	tr.Begin(ctx, m)
	to := &never{}
	stdout, stderr, err := tr.Capture(to, to)
	if err != nil {
		t.Fatal(err)
	}
	c := Command{Path: "/bin/sleep", Argv: []string{"sleep", "1000"}, Env: []string{JobIDVariable + "=" + m}, Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}
	if err := tr.Start(&c); err != nil {
		t.Fatal(err)
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		tr.Say(to, []byte("x"))
	}()
	cancel()
	noneAlive(t, m)
	select {
	case <-said:
		t.Error("it was taken")
	default:
	}
	to.over.Store(true)
	<-said // its steps would read what later tests open under the Tree's numbers
	tr.Wait()
	tr.Finish()
}

// noneAlive waits until all processes that bear the job ID are zombies or gone.
func noneAlive(t *testing.T, mark string) {
	t.Helper()
	testkit.Until(t, "a process lives", func() bool {
		for _, pid := range marked(mark) {
			if _, alive := proc.Living(pid); alive {
				return false
			}
		}
		return true
	})
}

// TestStolenOutput: a job that reads its own output, too, leaves less in the pipe than poll has reported, or than the
// pipe was seen to hold.
func TestStolenOutput(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		testkit.Within(t, patient, "the job", func() {
			var out, errs bytes.Buffer
			tr.Begin(ctx, mark(t))
			stdout, stderr, err := tr.Capture(&out, &errs)
			if err != nil {
				t.Fatal(err)
			}
			const script = "yes & cat </proc/self/fd/1 >/dev/null & sleep 1000"
			c := Command{Path: "/bin/sh", Argv: sh(script), Env: os.Environ(), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}
			if err := tr.Start(&c); err != nil {
				t.Fatal(err)
			}
			for ctx.Err() == nil {
				tr.Drain()
			}
			tr.Wait()
			tr.Finish()
		})
		cancel()
	}
}
