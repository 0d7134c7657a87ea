//go:build linux

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// terminal is a trial on a pseudo-terminal. A shell with job control leads the session and runs fanout in the
// foreground.
type terminal struct {
	*trial
	master *os.File
	shown  *screen
}

// interactive is the script of the shell. It notes how fanout ended. If fanout was only stopped, the shell waits,
// continues it in the foreground, and notes how it ended then. The trap keeps the shell alive when fanout dies of
// Ctrl-C.
const interactive = `trap : INT
"$@"
status=$?
case $status in
147|148)
	echo $status > stopped
	read go < gate-fg
	fg
	status=$?
esac
echo $status > status`

func newTerminal(t *testing.T, program string) *terminal {
	t.Helper()
	tr := newTrial(t, program)
	tr.running = prepare(t, "bash", "--norc", "-ic", interactive, "bash", "fanout")
	tm := &terminal{trial: tr, shown: &screen{closed: make(chan struct{})}}
	tm.gate("fg")
	tm.master, tm.running.terminal = testkit.Terminal(t)
	tm.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	go tm.shown.follow(tm.master)
	return tm
}

// types types keys.
func (tm *terminal) types(keys string) {
	tm.t.Helper()
	if _, err := tm.master.WriteString(keys); err != nil {
		tm.t.Fatal(err)
	}
}

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	ctrlZ = "\x1a"
)

// finishes waits for the end of the shell, and checks the exit status of fanout that it noted.
func (tm *terminal) finishes(code int) {
	tm.t.Helper()
	tm.exits(0)
	select {
	case <-tm.shown.closed:
	case <-time.After(waitLimit):
		tm.t.Errorf("these processes still have the terminal:%s", testkit.Describe(tm.processes()))
	}
	got, _ := os.ReadFile(filepath.Join(tm.dir, "status"))
	if strings.TrimSpace(string(got)) != fmt.Sprint(code) {
		tm.t.Errorf("fanout ended with %q for the shell, want %d; stderr:\n%s\nthe terminal:\n%s", got, code, tm.said(), tm.shown)
	}
	if left := tm.processes(); len(left) > 0 {
		tm.t.Errorf("%d processes are left:%s", len(left), testkit.Describe(left))
	}
}

// screen holds what is printed on a terminal.
type screen struct {
	mu     sync.Mutex
	text   bytes.Buffer
	closed chan struct{}
}

// follow reads until no process has the terminal open.
func (s *screen) follow(master *os.File) {
	defer close(s.closed)
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		s.mu.Lock()
		s.text.Write(buf[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
