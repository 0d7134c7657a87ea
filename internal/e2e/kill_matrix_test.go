//go:build linux

package e2e_test

import (
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// row is a way to end jobs before they end by themselves.
type row struct {
	name    string
	command []string // runs fanout, the last words; none: the test does
	apart   syscall.SysProcAttr
	flags   []string
	status  int                    // exit status, as a shell sees it
	or      int                    // another that it may have; 0: none
	lasting bool                   // ends only jobs that still run
	others  func(*trial)           // adds jobs to the hostile ones
	trigger func(*trial) time.Time // ends the jobs; returns the start of the allowed time, or zero if the machine was too slow
	after   func(*trial)           // runs when the hostile jobs are gone
}

const (
	killSlots = 3                      // jobs at a time, in all runs here
	killGrace = 300 * time.Millisecond // in all runs here
	killTime  = time.Second            // fanout's own time

	leaderGone = "daemon-leader-gone"
	emptyEnv   = "daemon-empty-env"
)

// limits holds the time for a run, within which its jobs must start, and for each job. If workers start slowly (late),
// jobs begin shortly before the test sees them.
type limits struct {
	run, job time.Duration
	late     bool
}

// localLimits is for workers that start at once.
func localLimits() limits { return limits{run: 2 * time.Second, job: 6 * time.Second} }

func rows(most limits) []row {
	grace := []string{"--grace", killGrace.String()}
	all := []row{
		{
			name:    "timeout",
			flags:   slices.Concat(grace, []string{"--timeout", most.job.String()}),
			status:  123,
			lasting: true,
			// The neighbour starts late, so it still has time when the others time out. It takes the slot of the short
			// job, which must have ended by then: the short job started with the others, so a process with an empty
			// environment could belong to it.
			others: func(tr *trial) {
				tr.job("short", tr.gate("short"))
				tr.job("neighbour", "echo $$ > begun\n"+tr.gate("neighbour")+"echo untouched\n")
			},
			trigger: func(tr *trial) time.Time {
				begun := tr.launched
				if most.late {
					begun = tr.began
				}
				time.Sleep(time.Until(begun.Add(most.job / 2)))
				tr.open("short")
				tr.number("begun")
				if time.Since(begun) >= most.job {
					return time.Time{}
				}
				return tr.began.Add(most.job)
			},
			after: func(tr *trial) { tr.open("neighbour") },
		},
		{
			name:   "stop-on-error",
			flags:  slices.Concat(grace, []string{"--stop-on-error=now"}),
			status: 123,
			others: func(tr *trial) {
				tr.job("fails", "echo untouched\n"+tr.gate("fails")+"exit 3\n")
			},
			trigger: func(tr *trial) time.Time {
				tr.open("fails")
				return time.Now()
			},
		},
		{
			name:    "deadline",
			flags:   slices.Concat(grace, []string{"--deadline", most.run.String()}),
			status:  124,
			others:  keeper("plain"),
			trigger: func(tr *trial) time.Time { return tr.began.Add(most.run) },
		},
		{
			name:   "second-INT",
			flags:  []string{"--grace", "1h"},
			status: 130,
			others: keeper("told"),
			trigger: func(tr *trial) time.Time {
				tr.signal(syscall.SIGINT)
				tr.crowd.await("told", 1)
				tr.signal(syscall.SIGINT)
				return time.Now()
			},
		},
		{
			name:   "kill-9-runner",
			flags:  grace,
			status: 137,
			others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.send(tr.runner(tr.cmd.Process.Pid), syscall.SIGKILL)
				return time.Now()
			},
		},
		{
			name:   "kill-9-guardian",
			flags:  grace,
			status: 137,
			others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.runner(tr.cmd.Process.Pid) // without a runner there is no guardian
				tr.signal(syscall.SIGKILL)
				return time.Now()
			},
		},
		{
			name:   "reader-gone",
			flags:  grace,
			status: 141,
			others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.stdout.Close()
				return time.Now()
			},
		},
	}
	for _, sig := range []struct {
		name   string
		signal syscall.Signal
		status int
	}{{"INT", syscall.SIGINT, 130}, {"TERM", syscall.SIGTERM, 143}, {"HUP", syscall.SIGHUP, 129}} {
		all = append(all, row{name: sig.name, flags: grace, status: sig.status, others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.signal(sig.signal)
				return time.Now()
			},
		})
	}
	return all
}

// keeper keeps the run from ending by itself.
func keeper(mode string) func(*trial) {
	return func(tr *trial) { tr.hostileJob("keeper", mode, false) }
}

// cleaned waits for the end of the cleanup.
func (tr *trial) cleaned() {
	tr.t.Helper()
	if err := tr.cleanup.Wait(); err != nil {
		tr.t.Errorf("fanout cleanup: %v; it said:\n%s", err, tr.cleanupSaid.Bytes())
	}
}

// within waits for a condition that must become true soon after a moment. On an overloaded machine it waits longer, in
// proportion.
func (tr *trial) within(from time.Time, what string, cond func(end time.Time) bool) bool {
	tr.t.Helper()
	if cond(from.Add(killGrace + killTime)) {
		return true
	}
	factor := overload()
	if allowed := killGrace + time.Duration(factor*float64(killTime)); cond(from.Add(allowed)) {
		tr.t.Logf("%s: within %v only, on a machine that is overloaded %.1f times", what, allowed, factor)
		return true
	}
	tr.t.Errorf("%s: not after %v (the machine is overloaded %.1f times); processes left:%s\nstderr:\n%s",
		what, time.Since(from), factor, testkit.Describe(append(tr.crowd.pids(), tr.processes()...)), tr.said())
	return false
}

// processesEnd waits until fanout and the shells of jobs have ended.
func (tr *trial) processesEnd(end time.Time) bool {
	for len(tr.processes()) > 0 {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}

// TestKillMatrix ends runs in each way, with jobs that are hard to end in each way, and checks that none of their
// processes outlives the grace by more than a second.
func TestKillMatrix(t *testing.T) { killMatrix(t, "thread", "--mode", "thread") }

// TestKillMatrixProcess does the same with jobs in worker processes.
func TestKillMatrixProcess(t *testing.T) { killMatrix(t, "process", "--mode", "process") }

// killMatrix is for jobs in a mode or on a backend, as the flags say.
func killMatrix(t *testing.T, where string, flags ...string) {
	testkit.Slow(t)
	reapOrphans(t)
	program := hostile(t)
	most, some := localLimits(), []string(nil)
	switch where {
	case "ssh": // a connection takes a second on a loaded machine
		most.run = 5 * time.Second
	case "ray": // each worker takes a second or two to start, and far longer on a loaded machine
		most = limits{run: 20 * time.Second, job: 12 * time.Second, late: true}
	}
	if slices.Contains([]string{"slurm", "ray"}, where) && os.Getenv("FANOUT_TEST_ALL") == "" {
		some = []string{"plain", "ignore-term", "daemon", emptyEnv}
		t.Logf("only these hostile jobs run: %q; FANOUT_TEST_ALL=1 runs all", some)
	}
	all := rows(most)
	all = append(all, groupRows(most)...)
	own := len(rows(most)) // the rows behind these end several of fanout's own processes
	for i, row := range all {
		some := some
		if i >= own && os.Getenv("FANOUT_TEST_ALL") == "" {
			switch where {
			case "ssh":
				some = []string{"plain", emptyEnv}
			case "slurm", "ray":
				if !strings.HasPrefix(row.name, "kill-9-group") && row.name != "kill-9-session" {
					continue
				}
			}
		}
		t.Run(row.name, func(t *testing.T) {
			for _, mode := range modes {
				if some != nil && !slices.Contains(some, mode.name) {
					continue
				}
				t.Run(mode.name, func(t *testing.T) {
					t.Parallel()
					row.check(t, program, where, mode.name, flags)
				})
			}
		})
	}
}

func (row row) check(t *testing.T, program, where, mode string, flags []string) {
	for range 5 {
		if row.attempt(t, program, where, mode, flags) {
			return
		}
	}
	t.Error("the machine was too slow for five trials")
}

// prepare makes a trial that the row can end.
func (row row) prepare(t *testing.T, program string) *trial {
	tr := newTrial(t, program)
	tr.ranBy(row.command)
	tr.cmd.SysProcAttr = &row.apart
	return tr
}

// ends waits for the end, and checks the exit status.
func (row row) ends(tr *trial) {
	tr.t.Helper()
	if got := tr.status(); row.or == 0 || got != row.or {
		tr.endedAs(row.status)
	}
}

// attempt reports whether the machine was fast enough for a trial.
func (row row) attempt(t *testing.T, program, where, mode string, flags []string) bool {
	tr := row.prepare(t, program)
	tr.flags = slices.Concat(flags, row.flags)
	tr.hostileJob("first", mode, row.lasting)
	tr.hostileJob("second", mode, row.lasting)
	row.others(tr)
	tr.run(killSlots)
	from := row.trigger(tr)
	if from.IsZero() {
		return false
	}
	if row.name == killAll && mode == emptyEnv && where == "thread" {
		// The one exception: workers end their own jobs when the runner dies. In thread mode no process does, and nothing
		// tells which run these two daemons belong to.
		row.after(tr)
		tr.exits(row.status)
		if left := tr.crowd.pids(); len(left) != 2 || tr.crowd.gone(time.Now()) {
			t.Errorf("want one daemon of each job left, not:%s", testkit.Describe(left))
		}
		return true
	}
	if !tr.within(from, "the end of all jobs", tr.crowd.gone) {
		return true
	}
	if row.after != nil {
		row.after(tr)
		from = time.Now()
	}
	row.ends(tr)
	tr.within(from, "the end of all processes", tr.processesEnd)
	if slices.Contains([]string{"timeout", "stop-on-error"}, row.name) {
		tr.stdout.SetReadDeadline(time.Now().Add(waitLimit))
		if out, err := io.ReadAll(tr.stdout); err != nil || string(out) != "untouched\n" {
			t.Errorf("the neighbour printed %q, %v; stderr:\n%s", out, err, tr.said())
		}
	}
	if row.name == "timeout" && strings.Count(string(tr.said()), "timed out") < 2 {
		t.Errorf("it does not say that two jobs timed out:\n%s", tr.said())
	}
	return true
}
