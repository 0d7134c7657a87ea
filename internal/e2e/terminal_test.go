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

// terminal is a trial on a pseudo-terminal, whose session is led by a shell with job
// control: it runs fanout in the foreground.
type terminal struct {
	*trial
	master *os.File
	shown  *screen
}

// interactive is the shell's part. It notes how fanout ended; if it was only
// stopped, it waits before it has it go on in the foreground, and notes the end. Without the
// trap it would end with a fanout that has died of Ctrl-C.
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

// finishes waits for the end of the shell, and checks how fanout had ended for it.
func (tm *terminal) finishes(code int) {
	tm.t.Helper()
	tm.exits(0)
	select {
	case <-tm.shown.closed:
	case <-time.After(patience):
		tm.t.Errorf("somebody still has the terminal:%s", testkit.Describe(tm.marked()))
	}
	got, _ := os.ReadFile(filepath.Join(tm.dir, "status"))
	if strings.TrimSpace(string(got)) != fmt.Sprint(code) {
		tm.t.Errorf("fanout ended with %q for the shell, want %d; stderr:\n%s\nthe terminal:\n%s", got, code, tm.said(), tm.shown)
	}
	if left := tm.marked(); len(left) > 0 {
		tm.t.Errorf("%d processes are left:%s", len(left), testkit.Describe(left))
	}
}

// screen is what is printed on a terminal.
type screen struct {
	mu     sync.Mutex
	text   bytes.Buffer
	closed chan struct{}
}

// follow reads until nobody has the terminal open.
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
