package process

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// adopting returns a Supervisor that becomes the parent of orphans, as fanout's does.
func adopting(t *testing.T, spec Spec) *Supervisor {
	testkit.Needs(t, "setsid")
	spec.Adopt = true
	s := supervisor(t, spec)
	if !s.orphans.on {
		t.Skip("the system does not let us become a subreaper")
	}
	return s
}

// daemons is a script that starts, for the name of a sleep, one process in the job's group, one in a session of its
// own, one whose parent has ended, and one that has cleared its environment as well; then it goes on.
const daemons = `sleep $1 & setsid sleep $1 & (setsid sleep $1 &); (env -i setsid sleep $1 &)
asleep() {
	n=0
	for file in /proc/[0-9]*/cmdline; do
		mapfile -d "" words 2> /dev/null < $file && test "${words[*]}" = "sleep $1" && n=$((n + 1))
	done
	test $n = 4
}
until asleep $1; do test $SECONDS -lt 60 || exit 1; sleep 0.01; done; echo ready; `

// job runs a script with the job ID, and an argument, as a job does.
func (s *Supervisor) job(t *testing.T, tr *Tree, ctx context.Context, jobID, script, arg string) (stopped bool) {
	t.Helper()
	tr.Begin(ctx, jobID)
	err := tr.Start(&Command{
		Path: "/bin/bash", Argv: []string{"bash", "-c", script, "bash", arg},
		Env:   append(os.Environ(), JobIDVariable+"="+jobID+" an.outer.one"),
		Stdin: s.Null(), Stdout: s.Null(), Stderr: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	tr.Wait()
	stopped = tr.Terminated()
	tr.Finish()
	return stopped
}

func TestStopReachesDaemons(t *testing.T) {
	for _, script := range []string{daemons + "wait", daemons + "trap '' TERM; wait", daemons + "exec sleep $1"} {
		s := adopting(t, Spec{Grace: 300 * time.Millisecond, Linger: patient})
		before, mine := mark(t), mark(t)+"1"
		tr := tree(t, s)
		// Leftovers of an earlier job, with and without an environment, are not its own.
		s.job(t, tr, t.Context(), "r.1.1", daemons, before)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan bool)
		go func() { ended <- s.job(t, tr, ctx, "r.2.1", script, mine) }()
		testkit.Until(t, "the job's processes run", func() bool { return len(testkit.Running("sleep", mine)) >= 4 })
		cancel()
		if !<-ended {
			t.Error("not stopped")
		}
		if left := testkit.Running("sleep", mine); len(left) > 0 {
			t.Errorf("%s: left: %v", script, left)
		}
		if left := testkit.Running("sleep", before); len(left) != 4 {
			t.Errorf("%s: of the job before, %d are left", script, len(left))
		}
		if left := s.Leftovers(); len(left) != 4 {
			t.Errorf("the leftovers are: %v", left)
		}
		s.EndLeftovers(false)
		if left := append(testkit.Running("sleep", before), s.Leftovers()...); len(left) > 0 {
			t.Errorf("%s: left at the end: %v", script, left)
		}
	}
}

// TestStopSparesNeighbours: a neighbour's orphans without an environment cannot be told from those of the stopped job.
// They are not ended while another job runs.
func TestStopSparesNeighbours(t *testing.T) {
	s := adopting(t, Spec{Grace: 300 * time.Millisecond, Linger: patient})
	theirs, mine := mark(t), mark(t)+"1"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan bool)
	neighbour := tree(t, s)
	go func() {
		ended <- s.job(t, neighbour, t.Context(), "r.1.1", daemons+"wait", theirs)
	}()
	testkit.Until(t, "the neighbour runs", func() bool { return len(testkit.Running("sleep", theirs)) == 4 })
	go func() {
		testkit.Until(t, "both run", func() bool { return len(testkit.Running("sleep", mine)) == 4 })
		cancel()
	}()
	if !s.job(t, tree(t, s), ctx, "r.11.1", daemons+"wait", mine) {
		t.Error("not stopped")
	}
	if left := testkit.Running("sleep", mine); len(left) != 1 {
		t.Errorf("left: %v, and only the one without an environment should be", left)
	}
	if left := testkit.Running("sleep", theirs); len(left) != 4 {
		t.Errorf("of the neighbour, %d are left", len(left))
	}
	unix.Kill(-neighbour.Pid(), unix.SIGKILL)
	<-ended
	s.EndLeftovers(true)
	if left := testkit.Running("sleep", mine); len(left) != 0 {
		t.Errorf("at the end: %v", left)
	}
	s.EndLeftovers(false)
	if left := append(testkit.Running("sleep", theirs), s.Leftovers()...); len(left) > 0 {
		t.Errorf("left at the end: %v", left)
	}
}

// TestStoppedTogether: of two jobs that are ended at the same time, neither leaves to the other what may belong to
// both.
func TestStoppedTogether(t *testing.T) {
	s := adopting(t, Spec{Grace: 100 * time.Millisecond, Linger: patient})
	ctx, cancel := context.WithCancel(t.Context())
	others, stop := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan bool)
	names := []string{mark(t), mark(t) + "1"}
	for i, c := range []context.Context{ctx, others} {
		tr := tree(t, s)
		go func() { ended <- s.job(t, tr, c, "r."+strconv.Itoa(i+1)+".1", daemons+"wait", names[i]) }()
		testkit.Until(t, "it runs", func() bool { return len(testkit.Running("sleep", names[i])) == 4 })
	}
	// A process without a job ID that is no orphan yet, or was started in the same tick, might belong to a job that
	// starts now.
	testkit.Until(t, "both have two leftovers without an ID", func() bool { return len(s.Leftovers()) == 4 })
	tick := proc.Now()
	testkit.Until(t, "the clock ticks", func() bool { return proc.Now() > tick })
	later := mark(t) + "2"
	third := tree(t, s)
	go func() { ended <- s.job(t, third, t.Context(), "r.3.1", "sleep $1", later) }()
	testkit.Until(t, "a later job runs", func() bool { return len(testkit.Running("sleep", later)) == 1 })
	cancel()
	stop()
	<-ended
	<-ended
	for _, name := range names {
		if left := testkit.Running("sleep", name); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
	unix.Kill(-third.Pid(), unix.SIGKILL)
	<-ended
}

func TestReap(t *testing.T) {
	s := adopting(t, Spec{Grace: 300 * time.Millisecond, Linger: patient, Reap: true})
	tr := tree(t, s)
	for range 3 {
		m := mark(t)
		if s.job(t, tr, t.Context(), "r.1.1", daemons, m) {
			t.Error("a job that has ended by itself was stopped")
		}
		if left := testkit.Running("sleep", m); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestZombiesAreReaped: orphans that end are reaped while the run goes on.
func TestZombiesAreReaped(t *testing.T) {
	s := adopting(t, normal)
	s.job(t, tree(t, s), t.Context(), "r.1.1", "for i in 1 2 3 4 5; do (sleep 0.1 &); done", "")
	testkit.Until(t, "no child is left", func() bool {
		text, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/children")
		return err == nil && strings.TrimSpace(string(text)) == ""
	})
}

func TestSuspend(t *testing.T) {
	s := supervisor(t, normal)
	m := mark(t)
	ended := make(chan bool)
	tr, later := tree(t, s), tree(t, s)
	go func() { ended <- s.job(t, tr, t.Context(), "r.1.1", "sleep $1 & wait", m) }()
	testkit.Until(t, "the job runs", func() bool { return len(testkit.Running("sleep", m)) == 1 })
	s.Suspend()
	s.Suspend()
	stopped := func() bool {
		p, _ := proc.Read(testkit.Running("sleep", m)[0])
		return p.State == 'T'
	}
	testkit.Until(t, "it is stopped", stopped)
	go func() { ended <- s.job(t, later, t.Context(), "r.2.1", ":", m) }()
	select {
	case <-ended:
		t.Error("a job was started while all are suspended")
	case <-time.After(50 * time.Millisecond):
	}
	s.Resume()
	s.Resume()
	<-ended
	testkit.Until(t, "it goes on", func() bool { return !stopped() })
	unix.Kill(-tr.Pid(), unix.SIGKILL)
	<-ended
}
