package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// typist is fanout on a terminal, with a user who types.
type typist struct {
	t      *testing.T
	master *os.File
	shown  *screen
	cmd    *exec.Cmd
}

// newTypist runs fanout with standard input, output and error on a terminal.
func newTypist(t *testing.T, dir string, args ...string) *typist {
	t.Helper()
	master, slave := testkit.Terminal(t)
	k := &typist{t: t, master: master, shown: &screen{closed: make(chan struct{})}, cmd: exec.Command("fanout", args...)}
	k.cmd.Dir = dir
	k.cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "TERM=xterm", "CI=", "GITHUB_ACTIONS=")
	k.cmd.Stdin, k.cmd.Stdout, k.cmd.Stderr = slave, slave, slave
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.cmd.Process.Kill() })
	slave.Close()
	go k.shown.follow(master)
	return k
}

func (k *typist) types(keys string) {
	k.t.Helper()
	if _, err := k.master.WriteString(keys); err != nil {
		k.t.Fatal(err)
	}
}

func (k *typist) sees(what string) {
	k.t.Helper()
	for end := time.Now().Add(waitLimit); !strings.Contains(k.shown.String(), what); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatalf("%q is not seen in %q", what, k.shown)
		}
	}
}

func (k *typist) ends() {
	k.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- k.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			k.t.Errorf("%v: %q", err, k.shown)
		}
	case <-time.After(waitLimit):
		k.t.Fatalf("it does not end: %q", k.shown)
	}
	select {
	case <-k.shown.closed:
	case <-time.After(waitLimit):
		k.t.Fatalf("a process still has the terminal: %q", k.shown)
	}
}

const itemsAreTyped = "fanout: reading items from the terminal; Ctrl-D ends them\r\n"

// TestTyping: fanout tells a user to type items, and shows no bars on the line that he types on. After the last item it
// shows them.
func TestTyping(t *testing.T) {
	dir := t.TempDir()
	k := newTypist(t, dir, "-k", `[ {} = two ] && until [ -e go ]; do sleep 0.02; done; sleep 0.6; echo "got" {}`)
	k.sees(itemsAreTyped)
	k.types("one\n")
	k.sees("got one") // the run is older than the delay of bars
	if text := k.shown.String(); strings.Contains(text, "\x1b") || strings.Count(text, itemsAreTyped) != 1 {
		t.Errorf("while items are typed: %q", text)
	}
	k.types("two\n" + ctrlD)
	k.sees("\x1b[2K") // a bar is drawn again
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.ends()
	if text := k.shown.String(); !strings.Contains(text, "got two\r\n") || !strings.HasSuffix(text, "fanout: 2 jobs: 2 ok\r\n") {
		t.Errorf("at the end: %q", text)
	}
}

// TestTypedRows: fanout also waits for a typed header. With -q it says nothing, and neither if it does not read the
// terminal.
func TestTypedRows(t *testing.T) {
	dir := t.TempDir()
	k := newTypist(t, dir, "--csv", "echo got {b}")
	k.sees(itemsAreTyped)
	k.types("a,b\n1,2\n" + ctrlD)
	k.ends()
	if !strings.Contains(k.shown.String(), "got 2\r\n") {
		t.Errorf("%q", k.shown)
	}
	k = newTypist(t, dir, "-a", "/dev/tty", "-q", "echo got {}")
	k.types("x\n" + ctrlD)
	k.ends()
	if text := k.shown.String(); !strings.Contains(text, "got x\r\n") || strings.Contains(text, "fanout:") {
		t.Errorf("%q", text)
	}
	k = newTypist(t, dir, "echo", "got", ":::", "y")
	k.ends()
	if text := k.shown.String(); text != "got y\r\n" {
		t.Errorf("%q", text)
	}
}
