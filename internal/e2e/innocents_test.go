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

// innocents is processes that are none of a run's business. Each must be alive in
// the end.
type innocents struct {
	other *trial // another run: a job of it, and a daemon that one has left
	users *crowd // a child of ours, and its child in a session of its own
	joint *crowd // one in the process group of a job that has ended
}

// check looks whether each of them goes on.
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
			t.Errorf("of %s %d processes are left and not stopped, want %d:%s", part.what, len(alive), part.n, testkit.Describe(alive))
		}
	}
	if ended(in.other.cmd.Process.Pid) {
		t.Errorf("the other run has ended; stderr:\n%s", in.other.said())
	}
}

// TestInnocents ends a run in each way, and checks that nobody else is touched: not
// another run nor what it has left, not processes of the user in the same session and in
// fanout's own process group, and not one in the group of a job that has ended.
func TestInnocents(t *testing.T) {
	testkit.Slow(t)
	program := hostile(t)
	for _, row := range rows(near()) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := &innocents{other: newTrial(t, program), users: newCrowd(t, program), joint: newCrowd(t, program)}
			in.other.member("stays", "plain", false)
			in.other.member("leaves", leaderGone, false)
			in.other.run(2)
			in.users.direct("plain")
			in.users.direct("setsid")
			in.users.await("ready", 2)

			tr := newTrial(t, program)
			tr.registry(in.other.notes) // where a cleanup sees both
			tr.flags = row.flags
			tr.job("former", "echo $$ > pid\n"+tr.gate("former"))
			tr.member("ignores", "ignore-term", row.lasting)
			tr.member("daemon", "daemon", row.lasting)
			row.others(tr)
			tr.run(4)

			group := tr.number("pid")
			in.joint.direct("join", strconv.Itoa(group))
			in.joint.await("ready", 1)
			tr.open("former")
			tr.eventually("the end of the job", func() bool { return state(group) == 0 })

			row.strike(tr)
			tr.eventually("the end of all jobs", func() bool { return tr.crowd.gone(time.Now()) })
			if row.after != nil {
				row.after(tr)
			}
			tr.exits(row.status)
			tr.eventually("the end of all processes", func() bool { return len(tr.marked()) == 0 })
			in.check(t)

			in.other.signal(syscall.SIGTERM)
			in.other.exits(143)
		})
	}
}

// A daemon that a job has left on purpose goes on after a normal end, and is told
// of. With --reap it ends with its job.
func TestLeftBehind(t *testing.T) {
	program := hostile(t)
	t.Run("left", func(t *testing.T) {
		tr := newTrial(t, program)
		tr.member("leaves", leaderGone, false)
		tr.launch(1)
		tr.crowd.await("ready", 1)
		tr.exits(0)
		if tr.crowd.gone(time.Now().Add(100 * time.Millisecond)) {
			t.Error("the daemon has been ended")
		}
		if !strings.Contains(string(tr.said()), "still running") {
			t.Errorf("the summary does not tell of it:\n%s", tr.said())
		}
	})
	t.Run("reap", func(t *testing.T) {
		tr := newTrial(t, program)
		tr.flags = []string{"--reap", "--grace", killGrace.String()}
		tr.member("leaves", leaderGone, false)
		tr.job("goes-on", tr.gate("goes-on"))
		tr.launch(2)
		// The run is not over, only the job.
		tr.within(time.Now(), "the end of the daemon", tr.crowd.gone)
		tr.open("goes-on")
		tr.exits(0)
		if strings.Contains(string(tr.said()), "left") {
			t.Errorf("the summary tells of what is not left:\n%s", tr.said())
		}
	})
}
