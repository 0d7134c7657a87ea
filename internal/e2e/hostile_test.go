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

// crowd is processes of the hostile program, whoever starts them. They hold the
// writing end of a FIFO: its end of file says that all are gone, also those that
// live too shortly to be seen in /proc.
type crowd struct {
	t       *testing.T
	program string
	token   string // in the arguments of each
	fifo    string
	fd      int // our end; when it is closed, they end by themselves
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

// end ends those that are left. A stopped one does not notice that nobody reads.
func (c *crowd) end() {
	unix.Close(c.fd)
	const most = 5 * time.Second
	for until := time.Now().Add(most); ; time.Sleep(time.Millisecond) {
		left := c.pids()
		if len(left) == 0 {
			return
		}
		if time.Now().After(until) {
			c.t.Errorf("these could not be ended:%s", testkit.Describe(left))
			return
		}
		for _, pid := range left {
			c.kill(pid)
		}
	}
}

// kill ends a process if it is one of the crowd. The descriptor keeps another from
// taking the pid in between.
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

// has says whether the process bears the token.
func (c *crowd) has(pid int) bool {
	for _, name := range []string{"cmdline", "environ"} {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if bytes.Contains(text, []byte(c.token)) {
			return true
		}
	}
	return false
}

// pids is every process that bears the token, at some moment of the search.
func (c *crowd) pids() (found []int) {
	for _, pid := range testkit.Processes() {
		if c.has(pid) {
			found = append(found, pid)
		}
	}
	return found
}

// words is the command for one of the crowd.
func (c *crowd) words(mode string, more ...string) []string {
	return append([]string{c.program, mode, c.token, c.fifo}, more...)
}

// script is the same for a shell, in whose place it goes on.
func (c *crowd) script(mode string) string {
	return "exec '" + strings.Join(c.words(mode), "' '") + "'\n"
}

// read takes in what they have said, and reports whether all are gone. Before the
// first has come, none is.
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

// said is the pids of those that have said the word.
func (c *crowd) said(word string) (pids []int) {
	for _, line := range strings.SplitAfter(string(c.text), "\n") {
		var pid int
		if n, _ := fmt.Sscanf(line, word+" %d\n", &pid); n == 1 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// await waits until n of them have said the word, and returns their pids.
func (c *crowd) await(word string, n int) []int {
	c.t.Helper()
	for end := time.Now().Add(patience); len(c.said(word)) < n; {
		if c.read(10 * time.Millisecond); time.Now().After(end) {
			c.t.Fatalf("waited in vain for %d that are %q; they said %q", n, word, c.text)
		}
	}
	return c.said(word)
}

// gone waits until all are gone, but no longer than to the end.
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

// direct starts one of the crowd as a child of ours, and returns its pid.
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

// TestHostile checks the crowd itself: that each kind says when it is there, that
// none is taken for gone as long as it lives, and that all end with the test.
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
			// Without its leader, what it has started goes on.
			c.kill(child.Process.Pid)
			if mode.processes > 1 || mode.leaderEnds {
				if c.gone(time.Now().Add(100 * time.Millisecond)) {
					t.Error("it is gone when its first process is")
				}
			} else if !c.gone(time.Now().Add(patience)) {
				t.Error("it is not gone when its only process is")
			}
			c.end()
			c.fd = -1
			child.Wait()
		})
	}
}

// modes is the ways to be hard to end.
var modes = []struct {
	name       string
	processes  int // at a time
	leaderEnds bool
	comets     int // of them, those of which one or two or none may be seen
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
