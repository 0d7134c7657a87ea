//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// adoptComets makes us reap comets that have nobody else: there are a thousand in a
// second, and a system's first process may take its time, or not reap at all.
func adoptComets(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.Tick(10 * time.Millisecond); ; {
			reapComets()
			select {
			case <-tick:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	})
}

// reapComets reaps what is an orphan for certain: it has left our session, and what
// we start ourselves has not.
func reapComets() {
	own, _ := unix.Getsid(0)
	// The system hands them to the first thread.
	list, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	for _, word := range strings.Fields(string(list)) {
		text, _ := os.ReadFile("/proc/" + word + "/stat")
		var pid, parent, group, session int
		var state byte
		rest, comet := bytes.CutPrefix(text, []byte(word+" (hostile) "))
		fmt.Sscan(word, &pid)
		fmt.Sscanf(string(rest), "%c %d %d %d", &state, &parent, &group, &session)
		if comet && state == 'Z' && session != own {
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
	}
}
