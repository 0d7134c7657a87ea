//go:build linux

package e2e_test

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// killAll is the way to end a run that only fanout cleanup can deal with.
const killAll = "kill-9-guardian-warden-runner"

// groupRows are the ways to end several of fanout's processes at once.
func groupRows(most limits) []row {
	grace := []string{"--grace", killGrace.String()}
	own := syscall.SysProcAttr{Setpgid: true}
	all := []row{
		{
			name: "kill-9-group", apart: own, flags: grace, status: 137, others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.warden()
				unix.Kill(-tr.cmd.Process.Pid, unix.SIGKILL)
				return time.Now()
			},
			after: (*trial).forgotten,
		},
		{
			// Processes of jobs are in the session, unless they have left it.
			name: "kill-9-session", apart: syscall.SysProcAttr{Setsid: true}, flags: grace, status: 137, others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.warden()
				if slices.Contains(tr.flags, "--backend") {
					// When the runner dies alone, the entry of a run with hosts stays, for fanout cleanup to ask them.
					tr.killAtOnce(tr.visible(), tr.runner(tr.visible()))
				}
				for _, pid := range testkit.Processes() {
					if sid, err := unix.Getsid(pid); err == nil && sid == tr.cmd.Process.Pid && pid != sid {
						unix.Kill(pid, unix.SIGKILL)
					}
				}
				unix.Kill(tr.visible(), unix.SIGKILL) // it may have ended
				return time.Now()
			},
			after: (*trial).forgotten,
		},
		{
			// Not by killAtOnce: the guardian stops itself when the runner is stopped. The runner is the first, since it
			// would end by itself after the warden.
			name: "kill-9-warden-runner", flags: grace, status: 137, others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				w, r := tr.warden(), tr.runner(tr.visible())
				unix.Kill(r, unix.SIGKILL)
				unix.Kill(w, unix.SIGKILL)
				return time.Now()
			},
		},
		{
			// TERM, and KILL to the group when fanout is about to send KILL to its jobs. It may be the first.
			name: "timeout-k", apart: own, flags: grace, status: 137, or: 124, others: keeper("ignore-term"),
			command: []string{"timeout", "-k", seconds(killGrace), seconds(most.run)},
			trigger: func(tr *trial) time.Time { return tr.launched.Add(most.run) },
			after:   (*trial).forgotten,
		},
		{
			name: "timeout-KILL", apart: own, flags: grace, status: 137, others: keeper("plain"),
			command: []string{"timeout", "-s", "KILL", seconds(most.run)},
			trigger: func(tr *trial) time.Time { return tr.launched.Add(most.run) },
			after:   (*trial).forgotten,
		},
	}
	for _, some := range []struct {
		name   string
		status int
		which  func(*trial) []int
		after  func(*trial)
	}{
		{"kill-9-guardian-runner", 137, func(tr *trial) []int { return []int{tr.visible(), tr.runner(tr.visible())} }, (*trial).forgotten},
		{"kill-9-warden", 143, func(tr *trial) []int { return []int{tr.warden()} }, (*trial).forgotten},
		{"kill-9-guardian-warden", 137, func(tr *trial) []int { return []int{tr.visible(), tr.warden()} }, (*trial).forgotten},
		{killAll, 137, func(tr *trial) []int { return []int{tr.visible(), tr.warden(), tr.runner(tr.visible())} }, (*trial).cleaned},
	} {
		all = append(all, row{
			name: some.name, flags: grace, status: some.status, others: keeper("plain"),
			trigger: func(tr *trial) time.Time {
				tr.killAtOnce(some.which(tr)...)
				if some.name == killAll {
					tr.cleanUp()
				}
				return time.Now()
			},
			after: some.after,
		})
	}
	return all
}

// seconds is a time as timeout(1) takes it.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// ranBy puts the words before the command line. Its last program is fanout.
func (tr *trial) ranBy(words []string) {
	if words == nil {
		return
	}
	tr.t.Helper()
	c := exec.Command(words[0], slices.Concat(words[1:], tr.cmd.Args)...)
	c.Dir, c.Env = tr.cmd.Dir, tr.cmd.Env
	tr.cmd = c
}

// visible returns the guardian.
func (tr *trial) visible() int { return tr.cmd.Process.Pid }

// warden returns the warden.
func (tr *trial) warden() int {
	tr.t.Helper()
	w := warden(tr.visible())
	if w == 0 {
		tr.t.Fatal("there is no warden")
	}
	return w
}

// child returns the only child of a process.
func (r *running) child(parent int) int {
	r.t.Helper()
	for _, pid := range testkit.Processes() {
		if _, above := stat(pid); above == parent {
			return pid
		}
	}
	r.t.Fatalf("process %d has no child", parent)
	return 0
}

// killAtOnce kills processes so that none sees the other die.
func (tr *trial) killAtOnce(pids ...int) {
	tr.t.Helper()
	for _, pid := range pids {
		tr.send(pid, syscall.SIGSTOP)
	}
	for _, pid := range pids {
		tr.eventually("the stop of fanout", func() bool { return state(pid) == 'T' })
	}
	for _, pid := range pids {
		tr.send(pid, syscall.SIGKILL)
	}
	for _, pid := range pids {
		tr.eventually("the end of all threads of what was killed", func() bool {
			p, ok := proc.Read(pid)
			return !ok || p.Ended()
		})
	}
}

// cleanUp starts fanout cleanup.
func (tr *trial) cleanUp() {
	tr.t.Helper()
	tr.cleanup = exec.Command("fanout", "cleanup", "--grace", killGrace.String())
	tr.cleanup.Env = tr.cmd.Env
	tr.cleanup.Stdout, tr.cleanup.Stderr = &tr.cleanupSaid, &tr.cleanupSaid
	if err := tr.cleanup.Start(); err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(func() {
		tr.cleanup.Process.Kill()
		tr.cleanup.Wait()
	})
}

// forgotten waits until no dead run is in the registry.
func (tr *trial) forgotten() {
	tr.t.Helper()
	tr.eventually("the end of the run's entry", func() bool {
		c := exec.Command("fanout", "ps", "--json")
		c.Env = tr.cmd.Env
		out, err := c.Output()
		return err == nil && !strings.Contains(string(out), `"state":"dead"`)
	})
}

// TestContainerStops: the end of the first process of a PID namespace, here the guardian, ends all jobs, as when a
// container is stopped.
func TestContainerStops(t *testing.T) {
	testkit.Slow(t)
	testkit.Needs(t, "unshare")
	namespace := []string{"unshare", "--pid", "--fork", "--mount-proc"}
	if out, err := exec.Command(namespace[0], append(namespace[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("namespaces cannot be made here: %v: %s", err, out)
	}
	reapOrphans(t)
	program := hostile(t)
	for _, where := range []string{"thread", "process"} {
		for _, mode := range modes {
			t.Run(where+"/"+mode.name, func(t *testing.T) {
				t.Parallel()
				tr := newTrial(t, program)
				tr.ranBy(namespace)
				tr.flags = []string{"--mode", where}
				tr.hostileJob("first", mode.name, false)
				tr.hostileJob("second", mode.name, false)
				tr.hostileJob("keeper", "plain", false)
				tr.launch(killSlots)
				tr.crowd.await("ready", tr.ready)
				from := time.Now()
				tr.send(tr.child(tr.cmd.Process.Pid), syscall.SIGKILL)
				tr.within(from, "the end of all jobs", tr.crowd.gone)
				tr.within(from, "the end of all processes", tr.processesEnd)
			})
		}
	}
}

// TestWarden: the third process is small, is in no process group or session of the others, has no terminal and no open
// files of the user, and ends with the run.
func TestWarden(t *testing.T) {
	r := start(t, "bash", "-c", `mkdir run; exec fanout -q ': > run/{}; exec sleep 1000' ::: a 3< /dev/null`)
	r.files("run", 1)
	visible := r.cmd.Process.Pid
	w := warden(visible)
	if w == 0 {
		t.Fatal("there is no warden")
	}
	sid, _ := unix.Getsid(w)
	group, _ := unix.Getpgid(w)
	if sid != w || group != w {
		t.Errorf("its session is %d, its group %d, want %d", sid, group, w)
	}
	if files := slices.Collect(proc.Files(w)); len(files) != 1 || !strings.HasPrefix(files[0], "socket:") {
		t.Errorf("it has these files open: %q", files)
	}
	if !slices.Equal(testkit.Environ(w), testkit.Environ(visible)) || testkit.CommandLine(w) != testkit.CommandLine(visible) {
		t.Errorf("ps shows %q", testkit.CommandLine(w))
	}
	for _, s := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGUSR1, unix.SIGCHLD, unix.SIGTSTP, unix.SIGPIPE} {
		r.send(w, s)
	}
	time.Sleep(50 * time.Millisecond)
	if state(w) != 'S' || len(r.processes()) != 4 {
		t.Errorf("after signals to the warden: %s", testkit.Describe(r.processes()))
	}
	r.signal(unix.SIGTERM)
	r.ends(143)
}

// TestWardenIsSmall: the warden takes little memory, in the program that make build makes.
func TestWardenIsSmall(t *testing.T) {
	testkit.Slow(t)
	r := start(t, "bash", "-c", `mkdir run; exec "$0" -q ': > run/{}; exec sleep 1000' ::: a`, withEntry(t))
	r.files("run", 1)
	const most = 1 << 20
	if n := proc.Memory(warden(r.cmd.Process.Pid)); n == 0 || n > most {
		t.Errorf("it has %d bytes of memory", n)
	}
	r.signal(unix.SIGTERM)
	r.ends(143)
}

// examples are command lines that left processes behind when only guardian and runner watched over them, each with the
// status that the shell sees.
var examples = map[string]struct {
	script string
	out    string
}{
	"timeout -k":   {`timeout -k 2 1 fanout --grace 2 'trap "" TERM; while :; do sleep 2; done; : {}' ::: 1 2; echo $?`, "137\n"},
	"kill -9 %1":   {`set -m; fanout -q ': > {}; sleep 999' ::: 1 2 & until [ -e 1 ] && [ -e 2 ]; do sleep 0.05; done; kill -9 %1; wait $!; echo $?`, "137\n"},
	"timeout KILL": {`timeout -s KILL 1 fanout ': {}; (setsid sleep 999 &) ; sleep 999' ::: 1 2; echo $?`, "137\n"},
}

// TestExamplesLeaveNothing runs them in bash.
func TestExamplesLeaveNothing(t *testing.T) {
	for name, tt := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, "bash", "-c", tt.script)
			if out := r.printed(); out != tt.out {
				t.Errorf("it printed %q, want %q; stderr:\n%s", out, tt.out, r.said())
			}
			r.status()
			r.eventually("the end of all", func() bool { return len(r.processes()) == 0 })
		})
	}
}

// TestCleanupOnTerminal: on a terminal, fanout cleanup first says what it will do.
func TestCleanupOnTerminal(t *testing.T) {
	r := prepare(t, "sh", "-c", killedRun+"fanout cleanup --grace 0")
	master, slave := testkit.Terminal(t)
	r.terminal = slave
	shown := &screen{closed: make(chan struct{})}
	go shown.follow(master)
	r.begin()
	r.exits(0)
	<-shown.closed
	text := shown.String()
	end, killed := strings.Index(text, " end "), strings.Index(text, " killed: KILL ")
	if end < 0 || killed < end || !strings.Contains(text, "WILL BE DONE") || !strings.Contains(text, " remove entry ") || strings.Count(text, " entry removed ") != 1 {
		t.Errorf("it shows\n%s", text)
	}
}
