//go:build linux

package e2e_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDiesOfItsSignal: fanout and fanout track die of the signal that ended their run, with a guardian and without one.
// endedAs checks this.
func TestDiesOfItsSignal(t *testing.T) {
	job := []string{"sh", "-c", ": > ready; exec sleep 1000"}
	for form, args := range map[string][]string{
		"guardian": {"fanout"}, "alone": {"fanout", "--no-guardian"}, "track": {"fanout", "track", "--"},
		"persistent": {"fanout", "--persistent"}, "workers": {"fanout", "--mode", "process"},
	} {
		items := []string{":::", "a"}
		if form == "track" {
			items = nil
		}
		for _, s := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
			t.Run(form+"/"+unix.SignalName(s), func(t *testing.T) {
				t.Parallel()
				r := start(t, slices.Concat(args, job, items)...)
				r.eventually("the job", func() bool {
					_, err := os.Stat(filepath.Join(r.dir, "ready"))
					return err == nil
				})
				r.signal(s)
				r.ends(128 + int(s))
			})
		}
	}
}

// TestTypedInterruptEndsScript: Ctrl-C ends a script, not only one round of its loop.
func TestTypedInterruptEndsScript(t *testing.T) {
	tm := newTerminal(t, "")
	tm.running.cmd.Args = []string{"bash", "--norc", "-c", `for i in 1 2 3; do
	echo round $i >> rounds
	"$@" sh -c ': > ready; exec sleep 1000' ::: a
done; echo >> rounds end`, "bash", "fanout", "-p", "none"}
	tm.begin()
	tm.eventually("the first round", func() bool {
		_, err := os.Stat(filepath.Join(tm.dir, "ready"))
		return err == nil
	})
	tm.types(ctrlC)
	if got := tm.status(); got != 130 {
		t.Errorf("the script ended with %d", got)
	}
	if text, _ := os.ReadFile(filepath.Join(tm.dir, "rounds")); string(text) != "round 1\n" {
		t.Errorf("the script continued: %q", text)
	}
}

// TestGuardianOfTheEnvironment: fanout believes what the environment says of a guardian only if it names the parent
// process.
func TestGuardianOfTheEnvironment(t *testing.T) {
	for _, value := range []string{"", "5", "x", "0 1", "5 PARENT", "1 PARENT", "99999999999999999999 PARENT"} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			value := strings.ReplaceAll(value, "PARENT", "'$$'")
			r := start(t, "bash", "-c", `FANOUT_GUARDIAN_FD='`+value+`' fanout -q '(setsid sleep 1000 & echo $! > pid; echo ready {}); exec sleep 1000' ::: a & echo $!; wait`)
			r.stdout.SetReadDeadline(time.Now().Add(waitLimit))
			if _, err := io.ReadFull(r.stdout, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
			r.eventually("the job", func() bool {
				text, _ := os.ReadFile(filepath.Join(r.dir, "pid"))
				return len(text) > 0
			})
			r.send(r.named("fanout"), unix.SIGKILL)
			r.eventually("the end of all", func() bool { return len(r.processes()) == 0 })
		})
	}
}
