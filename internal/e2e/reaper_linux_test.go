package e2e_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reapOrphans makes the test the parent of leftovers of a killed runner and guardian, and reaps them. The first process
// of a container may never do so, and comets would fill the process table. The system gives orphans to the first
// thread, which starts no processes here, because the goroutine of main has it.
func reapOrphans(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	list := fmt.Sprintf("/proc/self/task/%d/children", os.Getpid())
	reap := func() {
		text, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				unix.Wait4(pid, nil, unix.WNOHANG, nil)
			}
		}
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-tick.C:
				reap()
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
		reap()
		unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	})
}
