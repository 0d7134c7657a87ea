//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// TestPersistentProgramsKilled: persistent programs and what they have started, also with an empty environment and a
// session of its own, end when fanout's process group, or any of fanout's processes, is killed.
func TestPersistentProgramsKilled(t *testing.T) {
	testkit.Slow(t)
	testkit.Needs(t, "setsid")
	runner := func(r *running) int { return r.child(warden(r.cmd.Process.Pid)) }
	for name, kill := range map[string]func(r *running){
		"group":    func(r *running) { unix.Kill(-r.cmd.Process.Pid, unix.SIGKILL) },
		"guardian": func(r *running) { unix.Kill(r.cmd.Process.Pid, unix.SIGKILL) },
		"runner":   func(r *running) { unix.Kill(runner(r), unix.SIGKILL) },
		"warden":   func(r *running) { unix.Kill(warden(r.cmd.Process.Pid), unix.SIGKILL) },
		"TERM":     func(r *running) { unix.Kill(r.cmd.Process.Pid, unix.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			long := strconv.Itoa(1_000_000 + rand.IntN(1_000_000)) // finds processes that no longer have our entry
			script := fmt.Sprintf(`trap "" TERM; (setsid env -i sleep %[1]s &); sleep %[1]s & mkdir -p run
				while read -r x; do : > run/$x; echo $x; done; exec sleep %[1]s`, long)
			r := prepare(t, "fanout", "-q", "-j2", "--grace", "0.5", "--persistent", script)
			r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			r.begin()
			io.WriteString(r.stdin, "1\n2\n")
			r.files("run", 2)
			r.eventually("four long sleeps", func() bool { return len(testkit.Running("sleep", long)) == 4 })
			kill(r)
			r.eventually("the end of the programs", func() bool { return len(testkit.Running("sleep", long)) == 0 })
			r.stdin.Close()
			r.cmd.Wait()
			r.eventually("the end of all", func() bool { return len(r.processes()) == 0 })
		})
	}
}
