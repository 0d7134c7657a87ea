package registry

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// TestPIDReused: a process that was given the pid of a target, or of a run, is not touched. The test needs a PID
// namespace, in which the next pid can be chosen.
func TestPIDReused(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Needs(t, "unshare")
	c := testkit.Command(t, "unshare", "--pid", "--fork", "--mount-proc", self, reuseArg)
	c.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "TMPDIR="+t.TempDir())
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Logf("%s", out)
	case errors.As(err, &exit) && exit.ExitCode() == 1 && !strings.Contains(string(out), "unshare"):
		t.Errorf("%s", out)
	default:
		t.Skipf("no PID namespace to be had: %v, %s", err, out)
	}
}

// reuseArg makes the test program play the part of TestPIDReused in the namespace.
const reuseArg = "reuse-pid"

func reusePID() (code int) {
	fail := func(format string, args ...any) int { fmt.Printf(format+"\n", args...); return 1 }
	runID := newRunID()
	first := exec.Command("sleep", "1000")
	first.Env = []string{jobVariable(runID)}
	if err := first.Start(); err != nil {
		return fail("%v", err)
	}
	pid := first.Process.Pid
	s := newSweep([]string{runID}, false)
	for len(s.targets) == 0 {
		s.scan(false)
	}
	held := s.targets[pid]
	if held == nil {
		return fail("found: %v", s.targets)
	}
	start := held.Start
	time.Sleep(20 * time.Millisecond) // a start is counted in hundredths of a second
	first.Process.Kill()
	first.Wait()
	second, err := startAs(pid)
	if err != nil {
		fmt.Println("unshare does not help:", err)
		return 3
	}
	defer second.Process.Kill()
	s.each(unix.SIGKILL)
	if _, ok := proc.OpenSame(pid, start); ok {
		return fail("another process is taken for the one that had its pid")
	}
	s.await(0)
	s.halt()
	if len(s.targets) != 0 {
		return fail("known: %v", s.targets)
	}
	// A run whose pid belongs to another process now.
	r, err := Register(DefaultDir(), Entry{RunID: runID})
	if err != nil {
		return fail("%v", err)
	}
	reg, err := Open()
	if err != nil {
		return fail("%v", err)
	}
	records, err := reg.read("")
	if err != nil || len(records) != 1 {
		return fail("%v, %v", records, err)
	}
	records[0].PID, records[0].Start = pid, start
	if why := s.terminate(records[0]); !strings.Contains(why, "cannot be found") {
		return fail("told: %q", why)
	}
	records[0].kill()
	r.Close()
	time.Sleep(50 * time.Millisecond)
	if st, ok := proc.OpenSame(pid, startOf(pid)); !ok {
		return fail("the innocent process is gone: %v", st)
	}
	if err := second.Process.Signal(syscall.Signal(0)); err != nil {
		return fail("the innocent process is gone: %v", err)
	}
	fmt.Println("the pid was", pid, "both times")
	return 0
}

// startAs starts a process with this pid.
func startAs(pid int) (*exec.Cmd, error) {
	for range 1000 {
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0); err != nil {
			return nil, err
		}
		c := exec.Command("sleep", "1000")
		c.Env = []string{}
		if err := c.Start(); err != nil {
			return nil, err
		}
		if c.Process.Pid == pid {
			return c, nil
		}
		c.Process.Kill()
		c.Wait()
	}
	return nil, errors.New("the pid does not come")
}
