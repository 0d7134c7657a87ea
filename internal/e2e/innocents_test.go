//go:build linux

package e2e_test

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// innocents holds processes that a run must not touch. Each must be alive in the end.
type innocents struct {
	other *trial // another run: one of its jobs, and a leftover daemon
	users *crowd // a child of the test, and a child of that in its own session
	joint *crowd // a process in the process group of a job that has ended
}

// check checks that each of them still runs.
func (in *innocents) check(t *testing.T) {
	t.Helper()
	for _, part := range []struct {
		what  string
		crowd *crowd
		n     int
	}{
		{"the other run", in.other.crowd, 2},
		{"the user", in.users, 3},
		{"the group of a former job", in.joint, 1},
	} {
		alive := slices.DeleteFunc(part.crowd.pids(), func(pid int) bool { return state(pid) == 'T' })
		if len(alive) != part.n {
			t.Errorf("%s: %d processes run, want %d:%s", part.what, len(alive), part.n, testkit.Describe(alive))
		}
	}
	if ended(in.other.cmd.Process.Pid) {
		t.Errorf("the other run has ended; stderr:\n%s", in.other.said())
	}
}

// TestInnocents ends a run in each way, and checks that it touches nothing else: not another run or its leftovers, not
// the user's processes in the same session and in fanout's own process group, and not a process in the group of a job
// that has ended.
func TestInnocents(t *testing.T) {
	testkit.Slow(t)
	program := hostile(t)
	for _, row := range append(rows(localLimits()), groupRows(localLimits())...) {
		if row.apart.Setsid {
			continue // nobody can join a group of another session
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := &innocents{other: newTrial(t, program), users: newCrowd(t, program), joint: newCrowd(t, program)}
			in.other.hostileJob("stays", "plain", false)
			in.other.hostileJob("leaves", leaderGone, false)
			in.other.run(2)
			in.users.direct("plain")
			in.users.direct("setsid")
			in.users.await("ready", 2)

			tr := row.prepare(t, program)
			tr.useRegistry(in.other.registry) // a cleanup sees both
			tr.flags = row.flags
			tr.job("former", "echo $$ > pid\n"+tr.gate("former"))
			tr.hostileJob("ignores", "ignore-term", row.lasting)
			tr.hostileJob("daemon", "daemon", row.lasting)
			row.others(tr)
			tr.run(4)

			group := tr.number("pid")
			in.joint.direct("join", strconv.Itoa(group))
			in.joint.await("ready", 1)
			tr.open("former")
			tr.eventually("the end of the job", func() bool { return state(group) == 0 })

			row.trigger(tr)
			tr.eventually("the end of all jobs", func() bool { return tr.crowd.gone(time.Now()) })
			if row.after != nil {
				row.after(tr)
			}
			row.ends(tr)
			tr.eventually("the end of all processes", func() bool { return len(tr.processes()) == 0 })
			in.check(t)

			in.other.signal(syscall.SIGTERM)
			in.other.exits(143)
		})
	}
}

// TestLeftBehind: a daemon that a job leaves on purpose survives the normal end of a run, and the summary reports it.
// With --reap it ends with its job.
func TestLeftBehind(t *testing.T) {
	program := hostile(t)
	t.Run("left", func(t *testing.T) {
		tr := newTrial(t, program)
		tr.hostileJob("leaves", leaderGone, false)
		tr.launch(1)
		tr.crowd.await("ready", 1)
		tr.exits(0)
		if tr.crowd.gone(time.Now().Add(100 * time.Millisecond)) {
			t.Error("the daemon has been ended")
		}
		if !strings.Contains(string(tr.said()), "still running") {
			t.Errorf("the summary does not report it:\n%s", tr.said())
		}
	})
	t.Run("reap", func(t *testing.T) {
		tr := newTrial(t, program)
		tr.flags = []string{"--reap", "--grace", killGrace.String()}
		tr.hostileJob("leaves", leaderGone, false)
		tr.job("goes-on", tr.gate("goes-on"))
		tr.launch(2)
		// The job is over, but not the run.
		tr.within(time.Now(), "the end of the daemon", tr.crowd.gone)
		tr.open("goes-on")
		tr.exits(0)
		if strings.Contains(string(tr.said()), "left") {
			t.Errorf("the summary reports a leftover, and there is none:\n%s", tr.said())
		}
	})
}
