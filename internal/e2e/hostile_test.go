//go:build linux

package e2e_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// hostile builds the program of testdata/hostile.
func hostile(t *testing.T) string {
	t.Helper()
	testkit.Needs(t, "cc")
	program := filepath.Join(t.TempDir(), "hostile")
	if out, err := exec.Command("cc", "-O1", "-o", program, "testdata/hostile/hostile.c").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return program
}

// crowd holds processes of the hostile program, whoever starts them. They hold the writing end of a FIFO. Its end of
// file says that all have ended, also those that live too briefly to be seen in /proc.
type crowd struct {
	t       *testing.T
	program string
	token   string // in the arguments of each
	fifo    string
	fd      int // the reading end; when it is closed, the processes end by themselves
	text    []byte
}

func newCrowd(t *testing.T, program string) *crowd {
	t.Helper()
	c := &crowd{t: t, program: program, token: "token-" + rand.Text(), fifo: filepath.Join(t.TempDir(), "fifo")}
	err := unix.Mkfifo(c.fifo, 0o600)
	if err == nil {
		c.fd, err = unix.Open(c.fifo, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.end)
	return c
}

// end ends the remaining processes. A stopped process does not notice that nobody reads the FIFO.
func (c *crowd) end() {
	unix.Close(c.fd)
	const most = 5 * time.Second
	for until := time.Now().Add(most); ; time.Sleep(time.Millisecond) {
		left := c.pids()
		if len(left) == 0 {
			return
		}
		if time.Now().After(until) {
			c.t.Errorf("these processes could not be killed:%s", testkit.Describe(left))
			return
		}
		for _, pid := range left {
			c.kill(pid)
		}
	}
}

// kill kills a process if it belongs to the crowd. The pidfd makes sure that no other process gets the pid in between.
func (c *crowd) kill(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if c.has(pid) {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// has reports whether the process has the token.
func (c *crowd) has(pid int) bool {
	for _, name := range []string{"cmdline", "environ"} {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if bytes.Contains(text, []byte(c.token)) {
			return true
		}
	}
	return false
}

// pids returns every process that has the token at some moment of the search.
func (c *crowd) pids() (found []int) {
	for _, pid := range testkit.Processes() {
		if c.has(pid) {
			found = append(found, pid)
		}
	}
	return found
}

// words returns the command line for one process of the crowd.
func (c *crowd) words(mode string, more ...string) []string {
	return append([]string{c.program, mode, c.token, c.fifo}, more...)
}

// script returns the same command for a shell, which executes it with exec.
func (c *crowd) script(mode string) string {
	return "exec '" + strings.Join(c.words(mode), "' '") + "'\n"
}

// read reads the messages of the processes, and reports whether all have ended. It reports false before the first
// process has started.
func (c *crowd) read(wait time.Duration) (gone bool) {
	c.t.Helper()
	polls := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(polls, int(wait.Milliseconds()))
	if err != nil && err != unix.EINTR {
		c.t.Fatal(err)
	}
	if n <= 0 {
		return false
	}
	if polls[0].Revents&unix.POLLIN == 0 {
		return polls[0].Revents&unix.POLLHUP != 0
	}
	buf := make([]byte, 4096)
	if n, _ := unix.Read(c.fd, buf); n > 0 {
		c.text = append(c.text, buf[:n]...)
	}
	return false
}

// said returns the pids of the processes that have sent the word.
func (c *crowd) said(word string) (pids []int) {
	for _, line := range strings.SplitAfter(string(c.text), "\n") {
		var pid int
		if n, _ := fmt.Sscanf(line, word+" %d\n", &pid); n == 1 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// await waits until n processes have sent the word, and returns their pids.
func (c *crowd) await(word string, n int) []int {
	c.t.Helper()
	for end := time.Now().Add(waitLimit); len(c.said(word)) < n; {
		if c.read(10 * time.Millisecond); time.Now().After(end) {
			c.t.Fatalf("timed out waiting for %d processes that are %q; they said %q", n, word, c.text)
		}
	}
	return c.said(word)
}

// gone waits until all processes have ended, but no longer than until the given time.
func (c *crowd) gone(end time.Time) bool {
	c.t.Helper()
	for {
		left := time.Until(end)
		if c.read(min(max(left, 0), 20*time.Millisecond)) {
			return true
		}
		if left < 0 {
			return false
		}
	}
}

// direct starts a process of the crowd as a child of the test, and returns its pid.
func (c *crowd) direct(mode string, more ...string) int {
	c.t.Helper()
	words := c.words(mode, more...)
	child := exec.Command(words[0], words[1:]...)
	if err := child.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		c.kill(child.Process.Pid)
		child.Wait()
	})
	return child.Process.Pid
}

// TestHostile checks the crowd itself: each kind reports when it runs, no kind counts as gone while it lives, and all
// end with the test.
func TestHostile(t *testing.T) {
	testkit.Slow(t)
	reapOrphans(t)
	program := hostile(t)
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, program)
			child := exec.Command(program, c.words(mode.name)[1:]...)
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			if got := c.await("ready", 1)[0]; got != child.Process.Pid {
				t.Errorf("it says that its pid is %d, want %d", got, child.Process.Pid)
			}
			if mode.leaderEnds {
				if err := child.Wait(); err != nil {
					t.Error(err)
				}
			}
			if n := len(c.pids()); n < mode.processes-mode.comets || n > mode.processes+mode.comets {
				t.Errorf("%d processes, want %d:%s", n, mode.processes, testkit.Describe(c.pids()))
			}
			// The processes that it has started outlive their leader.
			c.kill(child.Process.Pid)
			if mode.processes > 1 || mode.leaderEnds {
				if c.gone(time.Now().Add(100 * time.Millisecond)) {
					t.Error("all are gone with the first process")
				}
			} else if !c.gone(time.Now().Add(waitLimit)) {
				t.Error("it is not gone, though its only process is")
			}
			c.end()
			c.fd = -1
			child.Wait()
		})
	}
}

// modes lists the ways to be hard to end.
var modes = []struct {
	name       string
	processes  int // at a time
	leaderEnds bool
	comets     int // of these: none, one or two may be seen
}{
	{name: "plain", processes: 1},
	{name: "ignore-term", processes: 1},
	{name: "background", processes: 2},
	{name: "setsid", processes: 2},
	{name: "daemon", processes: 2},
	{name: "daemon-leader-gone", processes: 1, leaderEnds: true},
	{name: "daemon-empty-env", processes: 2},
	{name: "comet", processes: 2, comets: 1},
	{name: "comet-sessions", processes: 2, comets: 1},
}
