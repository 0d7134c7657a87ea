package testkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limit is how long a test waits for a command that it runs to its end. On a machine with ten times the work that it
// can do, the longest takes a tenth of it.
const limit = 4 * time.Minute

// Command is a command that ends with the limit. Nor is what it leaves behind waited for, if that holds its output.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, name, args...)
	c.WaitDelay = 10 * time.Second
	c.Cancel = func() error {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("it has not ended in %v: %q", limit, c.Args)
		}
		return c.Process.Kill()
	}
	return c
}

// Bearing is the processes with this entry in their environment. A zombie has none.
func Bearing(entry string) []int {
	return processes("environ", func(all string) bool { return slices.Contains(strings.Split(all, "\x00"), entry) })
}

// Running is the processes with this command line, the program as it was called. A zombie has none.
func Running(words ...string) []int {
	want := strings.Join(words, "\x00") + "\x00"
	return processes("cmdline", func(line string) bool { return line == want })
}

// processes is those of which a file of /proc is so.
func processes(file string, is func(string) bool) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file)); err == nil && is(string(text)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Describe is a line for each process, with its command.
func Describe(pids []int) string {
	var b strings.Builder
	for _, pid := range pids {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		fmt.Fprintf(&b, "\n%d: %s", pid, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return b.String()
}
