//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

func TestSignalEndsAllJobs(t *testing.T) {
	for _, sig := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 129}} {
		for form, command := range forever {
			t.Run(fmt.Sprintf("%s/%s", unix.SignalName(sig.signal), form), func(t *testing.T) {
				const jobs, processes = 100, 3
				// With such a long grace, a job that does not end has not got TERM.
				r := startJobs(t, jobs, []string{"--grace", "1h"}, command)
				if n := len(r.processes()); n < 1+jobs*processes {
					t.Errorf("%d processes are running, want %d", n, 1+jobs*processes)
				}
				r.signal(sig.signal)
				t.Logf("ended after %v", r.ends(sig.code))
			})
		}
	}
}

// TestSignalAmongShortJobs: a signal arrives while jobs start and end all the time.
func TestSignalAmongShortJobs(t *testing.T) {
	for _, command := range [][]string{{"/bin/echo", "{}"}, {"echo {} | cat"}, {`x={}; /bin/echo "$x" & wait`}, {"echo"}} {
		t.Run(command[0], func(t *testing.T) {
			r := start(t, slices.Concat([]string{"sh", "-c", `yes | exec "$@"`, "sh", "fanout", "-j8"}, command)...)
			if _, err := io.CopyN(io.Discard, r.stdout, 1000); err != nil {
				t.Fatal(err)
			}
			fanout := r.named("fanout")
			go io.Copy(io.Discard, r.stdout)
			syscall.Kill(fanout, syscall.SIGTERM)
			r.ends(143)
		})
	}
}

// named returns the process of that name. If its children have the same name, it returns the parent.
func (r *running) named(name string) int {
	r.t.Helper()
	parents := map[int]int{}
	for _, pid := range r.processes() {
		line := testkit.CommandLine(pid)
		if program, _, _ := strings.Cut(line, "\x00"); program == name {
			_, parents[pid] = stat(pid)
		}
	}
	for pid, parent := range parents {
		if _, ok := parents[parent]; !ok {
			return pid
		}
	}
	r.t.Fatalf("no process is named %s", name)
	return 0
}

func TestStubbornJobsGetKill(t *testing.T) {
	for name, command := range map[string][]string{
		"program": {"sh", "-c", `trap "" TERM; sleep 1000 & : > "run/$1"; wait`, "sh", "{}"},
		"native":  {`sh -c 'trap "" TERM; sleep 1000 & : > "run/$1"; wait' sh {} | cat`},
		"shell":   {`trap "" TERM; sleep 1000 & : > run/{}; wait`},
		// The job itself ends, and its child does not.
		"child": {"sh", "-c", `(trap "" TERM; : > "run/$1"; sleep 1000; sleep 1000) & trap "exit 0" TERM; wait`, "sh", "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			const grace = 200 * time.Millisecond
			r := startJobs(t, 10, []string{"--grace", grace.String()}, command)
			began := time.Now()
			r.signal(syscall.SIGINT)
			r.ends(130)
			if took := time.Since(began); took < grace {
				t.Errorf("it ended after %v, before the grace of %v was over", took, grace)
			}
		})
	}
}

func TestSecondSignalKillsAtOnce(t *testing.T) {
	for _, second := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(unix.SignalName(second), func(t *testing.T) {
			// Each job reports that it got TERM, and continues.
			r := startJobs(t, 10, []string{"--grace", "1h"},
				[]string{"sh", "-c", `mkdir -p got; trap ': > "got/$1"' TERM; : > "run/$1"; while :; do sleep 1000 & wait; done`, "sh", "{}"})
			r.signal(syscall.SIGINT)
			r.files("got", 10)
			if n := len(r.processes()); n < 11 {
				t.Errorf("%d processes are running, want 11 at least", n)
			}
			r.signal(second)
			r.ends(130)
		})
	}
}

// TestSignalEndsStoppedJobs: a stopped job cannot handle TERM until fanout continues it.
func TestSignalEndsStoppedJobs(t *testing.T) {
	r := startJobs(t, 5, []string{"--grace", "1h"}, []string{"sh", "-c", `: > "run/$1"; kill -STOP $$`, "sh", "{}"})
	r.signal(syscall.SIGTERM)
	r.ends(143)
}

func TestSignalWhileWaitingForInput(t *testing.T) {
	for _, flags := range [][]string{{}, {"-k"}, {"-n", "2"}, {"-n", "max"}, {"--pipe"}, {"--dry-run"}, {"--format", "shell"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			r := start(t, slices.Concat([]string{"fanout", "-a", "-"}, flags, []string{"echo", "{}"})...)
			io.WriteString(r.stdin, "1\n2\n3")
			// When fanout has read this much, it is surely at work.
			r.eventually("the input being read", func() bool {
				n, err := unix.IoctlGetInt(int(r.stdin.Fd()), unix.TIOCINQ)
				return err == nil && n == 0
			})
			r.signal(syscall.SIGINT)
			r.ends(130)
		})
	}
}

// TestSignalWhileWaitingForTime: a signal arrives while the run waits for the next start.
func TestSignalWhileWaitingForTime(t *testing.T) {
	for _, flag := range []string{"--delay=1h", "--rate=1/h"} {
		t.Run(flag, func(t *testing.T) {
			r := start(t, "fanout", flag, "echo", ":::", "a", "b", "c")
			if _, err := io.ReadFull(r.stdout, make([]byte, 2)); err != nil {
				t.Fatal(err)
			}
			r.signal(syscall.SIGINT)
			r.ends(130)
		})
	}
}

// TestSignalWhileOutputIsBlocked: nobody reads the output, and the pipe is full.
func TestSignalWhileOutputIsBlocked(t *testing.T) {
	testkit.Slow(t)
	for _, flags := range []string{"", "-k", "--tag", "--output=line", "--output=raw", "-k --tag --output=line"} {
		for _, command := range []string{"yes {}", "yes {} | cat", "x={}; yes $x", "echo"} {
			t.Run(flags+" "+command, func(t *testing.T) {
				args := slices.Concat([]string{"sh", "-c", `yes | exec "$@"`, "sh", "fanout", "-j4", "--grace", "1h"}, strings.Fields(flags), []string{command})
				r := start(t, args...)
				r.eventually("a full pipe", func() bool { return full(t, r.stdout) })
				syscall.Kill(r.named("fanout"), syscall.SIGINT)
				r.ends(130)
			})
		}
	}
}

// full reports whether a pipe is full. It opens a writing end for that.
func full(t *testing.T, read *os.File) bool {
	t.Helper()
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", read.Fd()), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0)
	return n == 0 && err == nil
}

func TestReaderGoneEndsAllJobs(t *testing.T) {
	for form, command := range forever {
		t.Run(form, func(t *testing.T) {
			r := startJobs(t, 20, []string{"--grace", "1h"}, command)
			r.stdout.Close()
			r.ends(141)
		})
	}
}

// TestIgnoredSignalStaysIgnored: a signal that is ignored from the start, as under nohup, stays ignored.
func TestIgnoredSignalStaysIgnored(t *testing.T) {
	r := start(t, "sh", "-c", `trap "" HUP INT; mkdir run; exec fanout 'sh -c ": > run/x; exec sleep 1000" sh {}' ::: a`)
	r.files("run", 1)
	r.signal(syscall.SIGHUP)
	r.signal(syscall.SIGINT)
	r.signal(syscall.SIGTERM)
	r.ends(143)
}

// TestNothingStartsAfterSignal: after the stop nothing more starts, neither the next item nor the next command of a
// list.
func TestNothingStartsAfterSignal(t *testing.T) {
	for _, after := range []string{"; touch after", " || touch after", "; echo > after"} {
		t.Run(after, func(t *testing.T) {
			command := `sh -c ': > "run/$1"; exec sleep 1000' sh {}` + after
			r := start(t, "sh", "-c", `mkdir run; exec fanout -j1 "$1" ::: a b c`, "sh", command)
			r.files("run", 1)
			r.signal(syscall.SIGTERM)
			r.ends(143)
			if made, _ := filepath.Glob(filepath.Join(r.dir, "run", "*")); len(made) != 1 {
				t.Errorf("jobs that were started: %q, want one", made)
			}
			if _, err := os.Stat(filepath.Join(r.dir, "after")); err == nil {
				t.Error("the next command of the job was started")
			}
		})
	}
}
