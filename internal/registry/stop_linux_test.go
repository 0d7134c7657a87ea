package registry

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestStopLive: --all stops the run that holds the lock.
func TestStopLive(t *testing.T) {
	for name, tt := range map[string]struct {
		script string
		deed   Deed
		why    string
	}{
		"obedient": {"trap 'exit 0' TERM; : > ready; while :; do sleep 0.05; done", Stopped, "before it could"},
		"stubborn": {"trap '' TERM; : > ready; while :; do sleep 0.05; done", Stopped, "KILL"},
		"stopped":  {"trap 'exit 0' TERM; : > ready; kill -STOP $$; sleep 1000", Stopped, "before it could"},
	} {
		t.Run(name, func(t *testing.T) {
			registry(t)
			w := newWorld(t)
			r := register(t, newRunID())
			c := exec.Command("sh", "-c", tt.script)
			c.Dir, c.Env = w.dir, []string{"PATH=" + os.Getenv("PATH"), w.sign}
			c.ExtraFiles = []*os.File{r.entry} // with it, the lock
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- c.Wait() }()
			w.await("ready")
			rewrite(t, r, c.Process.Pid)
			r.abandon()
			told, err := clean(t, Cleanup{})
			if err != nil || len(told) != 1 || told[0].Deed != LeftAlone {
				t.Errorf("%v, %v", told, err)
			}
			if told, err := clean(t, Cleanup{Run: r.runID}); err == nil || len(told) != 1 || told[0].Deed != LeftAlone {
				t.Errorf("%v, %v", told, err)
			}
			if told, err := clean(t, Cleanup{All: true, DryRun: true}); err != nil || len(told) != 1 || told[0].Deed != WouldStop {
				t.Errorf("%v, %v", told, err)
			}
			w.start([]string{jobVariable(r.runID), "JOB=yes"}, "sleep 1000 > /dev/null 2>&1 &")
			told, err = clean(t, Cleanup{All: true, Grace: time.Millisecond})
			if err != nil || len(told) != 3 || told[0].Deed != tt.deed || !strings.Contains(told[0].Why, tt.why) || told[1].Deed != Killed || told[2].Deed != Removed {
				t.Errorf("%v, %v", told, err)
			}
			<-ended
			if left := w.alive(""); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// rewrite makes an entry that of another process.
func rewrite(t *testing.T, r *Registration, pid int) {
	t.Helper()
	e := Entry{RunID: r.runID}
	complete(&e)
	e.PID, e.Start = pid, startOf(pid)
	text, err := encode(e)
	if err == nil {
		_, err = r.entry.WriteAt(text, 0)
	}
	if err == nil {
		err = r.entry.Truncate(int64(len(text)))
	}
	if err != nil {
		t.Fatal(err)
	}
}
