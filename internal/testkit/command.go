package testkit

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"
)

// limit is how long a test waits for a command that it runs to its end. On a machine with ten times the work that it
// can do, the longest takes a tenth of it.
const limit = 4 * time.Minute

// Command returns a command that is killed after the limit. Its leftovers are not waited for, even if they hold its
// output.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, name, args...)
	c.WaitDelay = 10 * time.Second
	c.Cancel = func() error {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("it did not end within %v: %q", limit, c.Args)
		}
		return c.Process.Kill()
	}
	return c
}
