//go:build linux

package e2e_test

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// TestStopAndContinue: a stopped run continues later. No clock runs while it is stopped, so jobs survive a stop that is
// longer than their timeout.
func TestStopAndContinue(t *testing.T) {
	program := hostile(t)
	const timeout = 3 * time.Second
	prepared := func(tr *trial) {
		tr.flags = []string{"--timeout", timeout.String(), "--grace", "10s"}
		tr.hostileJob("first", "background", false)
		tr.job("second", "echo $$ > pid\n"+tr.gate("second")+"echo done\n")
	}
	// staysStopped checks that all processes stay stopped for longer than the timeout.
	staysStopped := func(tr *trial, visible int) (all []int) {
		all = append(tr.crowd.pids(), visible, tr.runner(visible), tr.number("pid"))
		stopped := func(pid int) bool { return state(pid) == 'T' }
		tr.eventually("the stop of all", func() bool { return count(all, stopped) == len(all) })
		time.Sleep(timeout + timeout/10)
		if n := count(all, stopped); n != len(all) {
			t.Errorf("%d of %d processes are still stopped:%s", n, len(all), testkit.Describe(all))
		}
		return all
	}
	continues := func(tr *trial, all []int) {
		tr.eventually("all processes continuing", func() bool {
			return count(all, func(pid int) bool { return state(pid) == 'T' }) == 0
		})
		// A timeout that was not postponed would come now.
		time.Sleep(timeout / 10)
		if said := string(tr.said()); strings.Contains(said, "timed out") || count(all, ended) > 0 {
			t.Errorf("the stop ended jobs; stderr:\n%s", said)
		}
		tr.open("second")
	}
	t.Run("TSTP", func(t *testing.T) {
		t.Parallel()
		tr := newTrial(t, program)
		prepared(tr)
		tr.run(2)
		tr.number("pid")
		tr.signal(syscall.SIGTSTP)
		all := staysStopped(tr, tr.cmd.Process.Pid)
		tr.signal(syscall.SIGCONT)
		continues(tr, all)
		out := make([]byte, len("done\n"))
		tr.stdout.SetReadDeadline(time.Now().Add(timeout))
		if _, err := io.ReadFull(tr.stdout, out); err != nil || string(out) != "done\n" {
			t.Errorf("the continued job printed %q, %v; stderr:\n%s", out, err, tr.said())
		}
		tr.signal(syscall.SIGTERM)
		tr.exits(143)
	})
	t.Run("typed", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, program)
		prepared(tm.trial)
		tm.run(2)
		tm.number("pid")
		tm.types(ctrlZ)
		all := staysStopped(tm.trial, tm.named("fanout"))
		tm.eventually("the shell to see the stop", func() bool {
			_, err := os.Stat(filepath.Join(tm.dir, "stopped"))
			return err == nil
		})
		tm.open("fg")
		continues(tm.trial, all)
		tm.eventually("the output of the continued job", func() bool {
			return strings.Contains(tm.shown.String(), "done\r\n")
		})
		tm.types(ctrlC)
		tm.finishes(130)
	})
}

// TestTellRunning: on USR1, fanout lists the running jobs with items, pids and times.
func TestTellRunning(t *testing.T) {
	tr := newTrial(t, hostile(t))
	tr.flags = []string{"--grace", killGrace.String()}
	tr.hostileJob("a-long-one", "plain", false)
	tr.hostileJob("another", "ignore-term", false)
	tr.job("short", "echo short is done\n")
	tr.run(3)
	tr.stdout.SetReadDeadline(time.Now().Add(waitLimit))
	if _, err := io.ReadFull(tr.stdout, make([]byte, len("short is done\n"))); err != nil {
		t.Fatal(err)
	}
	tr.signal(syscall.SIGUSR1)
	lines := []*regexp.Regexp{}
	for _, item := range []string{"a-long-one", "another"} {
		lines = append(lines, regexp.MustCompile(`(?m)^.*\b`+item+`\b.*\b(\d+)\b.*\b\d+(\.\d+)?m?s\b.*$`))
	}
	tr.eventually("both jobs in the list", func() bool {
		return !slices.ContainsFunc(lines, func(re *regexp.Regexp) bool { return !re.Match(tr.said()) })
	})
	said := string(tr.said())
	for _, pid := range tr.crowd.said("ready") {
		if !regexp.MustCompile(`\b` + strconv.Itoa(pid) + `\b`).MatchString(said) {
			t.Errorf("process %d is not in the list:\n%s", pid, said)
		}
	}
	if strings.Contains(said, "short") {
		t.Errorf("an ended job is in the list:\n%s", said)
	}
	if n := count(tr.crowd.said("ready"), ended); n > 0 {
		t.Errorf("USR1 ended %d jobs", n)
	}
	tr.signal(syscall.SIGTERM)
	tr.exits(143)
}

// TestJobWantsTerminal: a job that wants the terminal fails, and fanout does not wait for it.
func TestJobWantsTerminal(t *testing.T) {
	for name, script := range map[string]string{
		"reads":    "read line < /dev/tty\necho got $line\n",
		"settings": "stty -echo < /dev/tty\necho changed\n",
		"child":    "(read line < /dev/tty; echo got $line) | cat\n",
	} {
		t.Run(name, func(t *testing.T) {
			tm := newTerminal(t, "")
			tm.flags = []string{"-k"}
			tm.job("wants", script)
			tm.job("other", "echo fine\n")
			tm.launch(2)
			tm.finishes(123)
			if said := string(tm.said()); !strings.Contains(said, "wants the terminal") {
				t.Errorf("it does not say so:\n%s", said)
			}
			if shown := tm.shown.String(); shown != "fine\r\n" {
				t.Errorf("the terminal shows %q", shown)
			}
		})
	}
}

// TestTypedInterrupt: Ctrl-C reaches the whole foreground group, but counts as one signal. So a job has time to end.
func TestTypedInterrupt(t *testing.T) {
	program := hostile(t)
	t.Run("once", func(t *testing.T) {
		tm := newTerminal(t, program)
		const grace = 10 * time.Second
		tm.flags = []string{"--grace", grace.String()}
		tm.job("takes-its-time", `trap 'sleep 0.3; : > trapped; exit 0' INT TERM
echo $$ > pid
while :; do sleep 0.05; done
`)
		tm.launch(1)
		tm.number("pid")
		began := time.Now()
		tm.types(ctrlC)
		tm.finishes(130)
		if _, err := os.Stat(filepath.Join(tm.dir, "trapped")); err != nil {
			t.Errorf("the job had no time to end: %v", err)
		}
		if took := time.Since(began); took >= grace {
			t.Errorf("it ended after %v", took)
		}
	})
	t.Run("twice", func(t *testing.T) {
		tm := newTerminal(t, program)
		tm.flags = []string{"--grace", "1h"}
		tm.hostileJob("first", "told", false)
		tm.hostileJob("second", "ignore-term", false)
		tm.run(2)
		tm.types(ctrlC)
		tm.crowd.await("told", 1)
		tm.types(ctrlC)
		tm.within(time.Now(), "the end of all jobs", tm.crowd.gone)
		tm.finishes(130)
	})
}

// TestTypedItems: a user can type items.
func TestTypedItems(t *testing.T) {
	tm := newTerminal(t, "")
	tm.cmd.Args = append(tm.cmd.Args, "-k", "sh", "-c", `echo "<$1>"`, "sh", "{}")
	tm.begin()
	tm.types("a\n")
	tm.eventually("the first output", func() bool { return strings.Contains(tm.shown.String(), "<a>\r\n") })
	tm.types("b\n" + ctrlD)
	tm.finishes(0)
	if shown := tm.shown.String(); !strings.Contains(shown, "<b>\r\n") {
		t.Errorf("the terminal shows %q", shown)
	}
}

// TestPassesThrough: for the shell, fanout looks like one process.
func TestPassesThrough(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{`printf 'a\nb\n' | fanout -k --pipe cat; echo $?`, "a\nb\n0\n"},
		{`printf 'a\nb\n' | fanout -k sh -c 'echo "$1"' sh {}; echo $?`, "a\nb\n0\n"},
		{`printf 'a\nb\n' | fanout -q false; echo $?`, "123\n"},
		{`fanout -q no-such-program ::: a 2> err; echo $?`, "127\n"},
		{`fanout --no-such-flag 2> err; echo $?`, "2\n"},
		{`fanout sh -c 'echo "$1"; echo "$1" >&2' sh ::: a 2> err; cat err`, "a\na\n"},
		{`yes | fanout sh -c 'echo "$1"' sh {} | head -n 1; echo ${PIPESTATUS[1]}`, "y\n141\n"},
		{`fanout --output=line sh -c 'echo "$1"; exec sleep 1000' sh ::: a b | head -n 1 | wc -l`, "1\n"},
	} {
		t.Run(tt.script, func(t *testing.T) {
			r := prepare(t, "bash", "-c", tt.script)
			r.begin()
			r.stdin.Close()
			r.stdout.SetReadDeadline(time.Now().Add(waitLimit))
			out, err := io.ReadAll(r.stdout)
			if err != nil || string(out) != tt.want {
				t.Errorf("printed %q, %v; want %q; stderr:\n%s", out, err, tt.want, r.said())
			}
			r.exits(0)
		})
	}
}
