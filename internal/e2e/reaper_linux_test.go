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

// reapOrphans makes the test the parent of what fanout leaves when it is killed with
// its guardian, and reaps it: the first process of a container may never do that,
// and comets would fill the table of processes. The system hands orphans to the
// first thread, which starts no processes here since main's goroutine has it.
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
