//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// needBackend skips the test unless FANOUT_TEST_BACKENDS names the backend. make test-backends sets the variable;
// backends need much to be installed, so other test runs skip them.
func needBackend(t *testing.T, name string) {
	t.Helper()
	if !slices.Contains(strings.Fields(os.Getenv("FANOUT_TEST_BACKENDS")), name) {
		t.Skip("make test-backends runs this")
	}
}

// backendUp starts the services of a backend, or skips the test.
func backendUp(t *testing.T, name string, env ...string) (dir string) {
	t.Helper()
	needBackend(t, name)
	dir = filepath.Join(t.TempDir(), name)
	up := exec.Command("scripts/backends/"+name+"-up", dir)
	up.Env = append(os.Environ(), env...)
	out, err := up.CombinedOutput()
	t.Cleanup(func() {
		if out, err := exec.Command("scripts/backends/"+name+"-down", dir).CombinedOutput(); err != nil {
			t.Errorf("%s-down: %v\n%s", name, err, out)
		}
	})
	const cannot = 3 // the script's exit code if something is not installed
	if up.ProcessState.ExitCode() == cannot {
		t.Skipf("%s is not available here: %s", name, out)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", up, err, out)
	}
	return dir
}

// lines waits until a file of the run has n lines, and returns them.
func (r *running) lines(name string, n int) (all []string) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d lines in %s", n, name), func() bool {
		text, _ := os.ReadFile(filepath.Join(r.dir, name))
		all = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		return strings.Count(string(text), "\n") >= n
	})
	return all
}

func (r *running) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// workerKilled kills a remote worker and its guardian in mid-run. Their jobs are lost and leave no process; the other
// jobs run once. The flags must give one worker with two jobs.
func workerKilled(t *testing.T, flags ...string) {
	program := hostile(t)
	tr := newTrial(t, program)
	tr.hostileJob("first", "daemon", false)
	tr.hostileJob("second", "background", false)
	for i := range 20 {
		tr.job(fmt.Sprintf("later-%d", i), "echo $0 >> ran\n")
	}
	tr.cmd.Args = slices.Concat(tr.cmd.Args, flags, []string{"--at-most-once", "-r3", "sh", "{}", ":::"}, tr.jobs)
	tr.begin()
	tr.crowd.await("ready", tr.ready)
	both := remoteWorkers(tr.running)
	if len(both) != 2 {
		t.Fatalf("found %d processes, want the worker and its guardian", len(both))
	}
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} { // so neither sees the other die
		for _, pid := range both {
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	tr.exits(125)
	tr.eventually("the end of the jobs of the worker", func() bool { return tr.crowd.gone(time.Now()) })
	if ran := tr.lines("ran", 20); len(ran) != 20 {
		t.Errorf("%d of 20 jobs ran: %q", len(ran), ran)
	}
	if said := string(tr.said()); !strings.Contains(said, "(2 lost)") {
		t.Errorf("it says %q", said)
	}
}

// remoteWorkers returns the remote workers of a run and their guardians, but not their wardens.
func remoteWorkers(r *running) (pids []int) {
	for _, pid := range testkit.Processes() {
		if line := testkit.CommandLine(pid); strings.Contains(line, "fanout\x00worker\x00--far\x00") && isWorkerOf(pid, r) && !isWarden(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cutShortRemote ends all processes of a run's remote workers by a signal, jobs first. A job that the signal cuts short
// is not a success; it runs again on a worker that lives. The flags must give two workers with two jobs each.
func cutShortRemote(t *testing.T, flags ...string) {
	for name, command := range map[string]string{
		"native": `sh -c ': > run/$0; test -e go && exec sleep 1 || exec sleep 1000' {}; echo {}`,
		"shell":  `: > run/{}; if test -e go; then sleep 1; else sleep 1000; fi; echo {}`,
	} {
		for _, span := range []time.Duration{0, 100 * time.Millisecond} {
			for _, retries := range []string{"0", "2"} {
				t.Run(fmt.Sprintf("%s/%v/%s", name, span, retries), func(t *testing.T) {
					endRemoteWorkers(t, span, retries, slices.Concat(flags, []string{command}))
				})
			}
		}
	}
}

func endRemoteWorkers(t *testing.T, span time.Duration, retries string, command []string) {
	args := slices.Concat([]string{"fanout", "--journal", "journal", "-r", retries}, command, []string{":::", "1", "2", "3", "4", "5", "6", "7", "8"})
	r := prepare(t, args...)
	if err := os.Mkdir(filepath.Join(r.dir, "run"), 0o777); err != nil {
		t.Fatal(err)
	}
	r.begin()
	r.files("run", 4)
	var stages [][]int
	r.eventually("what the jobs wait for", func() bool {
		stages = nil
		n := 0
		for _, pid := range remoteWorkers(r) {
			if _, parent := stat(pid); executable(parent) != executable(pid) { // pid is a guardian
				n += waiting(pid)
				stages = mergeStages(stages, inOrder(pid))
			}
		}
		return n == 4
	})
	r.write("go", "")
	termAll(stages, span)
	if retries == "0" {
		r.ends(125)
		first := []string{"1", "2", "3", "4"}
		if done := r.successes(); slices.ContainsFunc(done, func(item string) bool { return slices.Contains(first, item) }) {
			t.Errorf("%v were cut short and are recorded as successes; stderr:\n%s", done, r.said())
		}
		return
	}
	r.ends(0)
	if done := r.successes(); len(done) != 8 {
		t.Errorf("only %v of 8 are done; stderr:\n%s", done, r.said())
	}
	text, _ := os.ReadFile(filepath.Join(r.dir, "journal"))
	if n := strings.Count(string(text), `"attempts":2`) + strings.Count(string(text), `"attempts":3`); n < 4 { // the signal may hit a retry, too
		t.Errorf("%d of the first 4 jobs were run again:\n%s", n, text)
	}
}

// mergeStages adds the processes of b to those of a, stage by stage.
func mergeStages(a, b [][]int) [][]int {
	for i, pids := range b {
		if i == len(a) {
			a = append(a, nil)
		}
		a[i] = append(a[i], pids...)
	}
	return a
}

// otherVersion installs another fanout in a directory of the remote PATH. One of another version is not used. One that
// claims the same version, but speaks another version of the protocol, is an error before anything runs. The flags must
// give one worker.
func otherVersion(t *testing.T, bin string, flags ...string) {
	identity, err := exec.Command("fanout", "worker", "--identity").Output()
	if err != nil {
		t.Fatal(err)
	}
	fanout, err := exec.LookPath("fanout")
	if err != nil {
		t.Fatal(err)
	}
	installed := filepath.Join(bin, "fanout")
	defer os.Remove(installed) // other tests need the directory empty
	for _, tt := range []struct {
		identity string
		code     int
		says     string
	}{
		{"another", 0, ""},
		{string(identity), 1, "the other side speaks version 9 of the worker protocol"},
	} {
		r := prepare(t, slices.Concat([]string{"fanout"}, flags, []string{"-k", "touch ran; echo {}", ":::", "1", "2"})...)
		r.cmd.Path = fanout
		script := fmt.Sprintf("#!/bin/sh\n[ $2 = --identity ] && echo '%s' && exit\necho used >> %s/used\necho fanout worker protocol 9\ncat > /dev/null\n",
			strings.TrimSpace(tt.identity), r.dir)
		if err := os.WriteFile(installed, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		r.begin()
		out, _ := io.ReadAll(r.stdout)
		r.ends(tt.code)
		if said := string(r.said()); !strings.Contains(said, tt.says) {
			t.Errorf("it says %q", said)
		}
		_, ran := os.Stat(filepath.Join(r.dir, "ran"))
		_, used := os.Stat(filepath.Join(r.dir, "used"))
		if well := tt.code == 0; well != (ran == nil) || well != (string(out) == "1\n2\n") || well == (used == nil) {
			t.Errorf("%q: it printed %q; a job ran: %v; the installed one was used: %v", tt.identity, out, ran, used)
		}
	}
}

// isWorkerOf reports whether a worker belongs to the run. Its environment tells, not its directory: only its jobs run
// in the directory of the run.
func isWorkerOf(pid int, r *running) bool {
	env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	entries, _ := filepath.Glob(filepath.Join(r.registry, "*", "*.json"))
	for _, entry := range entries {
		runID := strings.TrimSuffix(filepath.Base(entry), ".json")
		if strings.Contains(string(env), "FANOUT_MARK="+runID+".w") {
			return true
		}
	}
	return false
}
