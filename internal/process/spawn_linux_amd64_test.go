package process

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSpawnIsForkExec compares what a child finds when our spawner has started it with what it finds when Go has.
func TestSpawnIsForkExec(t *testing.T) {
	// One signal is caught here and one is ignored, since they differ for the child.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, unix.SIGUSR1)
	defer signal.Stop(caught)
	signal.Ignore(unix.SIGUSR2)
	defer signal.Reset(unix.SIGUSR2)

	dir := t.TempDir()
	text := dir + "/text"
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	closed := dir + "/closed"
	if err := os.WriteFile(closed, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 200<<10)
	const sh = "/bin/sh"
	for name, c := range map[string]Command{
		"signals":            {Path: sh, Argv: []string{"sh", "-c", "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"}},
		"limit":              {Path: sh, Argv: []string{"sh", "-c", "ulimit -Sn; ulimit -Hn"}},
		"arguments":          {Path: sh, Argv: []string{"sh", "-c", `printf '<%s>' "$@"`, "sh", "a", "", "b c", "\xff"}},
		"no argument":        {Path: sh, Argv: []string{"sh", "-c", `printf '<%s>' "$#"`}},
		"environment":        {Path: "/usr/bin/env", Argv: []string{"env"}, Env: []string{"A=1", "B=", "C=\n\xff", "D"}},
		"no environment":     {Path: "/usr/bin/env", Argv: []string{"env"}},
		"directory":          {Path: sh, Argv: []string{"sh", "-c", "pwd"}, Dir: dir},
		"relative program":   {Path: "./text", Argv: []string{"text"}, Dir: dir},
		"no directory":       {Path: sh, Argv: []string{"sh"}, Dir: dir + "/none"},
		"no program":         {Path: dir + "/none", Argv: []string{"none"}},
		"empty path":         {Path: "", Argv: []string{"none"}},
		"directory, no file": {Path: dir, Argv: []string{"dir"}},
		"not executable":     {Path: closed, Argv: []string{"closed"}},
		"not a program":      {Path: text, Argv: []string{"text"}},
		"too long":           {Path: sh, Argv: []string{"sh", "-c", ":", long}},
		"NUL in argument":    {Path: sh, Argv: []string{"sh", "a\x00b"}},
		"NUL in environment": {Path: sh, Argv: []string{"sh"}, Env: []string{"A=\x00"}},
		"NUL in path":        {Path: "/bin/sh\x00", Argv: []string{"sh"}},
		"descriptors":        {Path: "/bin/ls", Argv: []string{"ls", "/proc/self/fd"}},
		"fails":              {Path: sh, Argv: []string{"sh", "-c", "exit 3"}},
		"killed":             {Path: sh, Argv: []string{"sh", "-c", "kill -9 $$"}},
	} {
		t.Run(name, func(t *testing.T) {
			var none refused
			sp := new(spawner)
			run := func(spawn func(c *Command) (int, int, error)) (string, unix.WaitStatus, error) {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				c := c
				null, err := os.Open(os.DevNull)
				if err != nil {
					t.Fatal(err)
				}
				c.Stdin, c.Stdout, c.Stderr = int(null.Fd()), int(w.Fd()), int(w.Fd())
				pid, pidfd, err := spawn(&c)
				w.Close()
				null.Close()
				out, _ := io.ReadAll(r)
				r.Close()
				if err != nil {
					return string(out), 0, err
				}
				if group, err := unix.Getpgid(pid); err != nil || group != pid {
					t.Errorf("group %d of process %d: %v", group, pid, err)
				}
				p := child{pid: pid, pidfd: pidfd}
				return string(out), unix.WaitStatus(p.reap().Status), nil
			}
			goOut, goStatus, goErr := run(func(c *Command) (int, int, error) { return forkExec(c, 0, &none) })
			for range 2 { // the second time with memory that was used
				out, status, err := run(func(c *Command) (int, int, error) { return sp.spawn(c, 0, &none) })
				if out != goOut || errno(err) != errno(goErr) || status != goStatus {
					t.Errorf("%q, %v, %x; Go's: %q, %v, %x", out, err, status, goOut, goErr, goStatus)
				}
			}
			if none.ourWay.Load() || none.withPidfd.Load() {
				t.Error("clone3 is refused here")
			}
		})
	}
}

// errno returns the system's error, whichever call it is of.
func errno(err error) (e syscall.Errno) {
	errors.As(err, &e)
	return e
}

// TestSpawnJoinsGroup starts the first and a later process of a pipeline.
func TestSpawnJoinsGroup(t *testing.T) {
	var none refused
	sp := new(spawner)
	sleep := Command{Path: "/bin/sleep", Argv: []string{"sleep", "1000"}}
	var procs []child
	group := 0
	for range 3 {
		pid, pidfd, err := sp.spawn(&sleep, group, &none)
		if err != nil {
			t.Fatal(err)
		}
		procs = append(procs, child{pid: pid, pidfd: pidfd})
		if group == 0 {
			group = pid
		}
		if got, err := unix.Getpgid(pid); got != group {
			t.Errorf("group %d, not %d: %v", got, group, err)
		}
	}
	unix.Kill(-group, unix.SIGKILL)
	for _, p := range procs {
		if st := p.reap().Status; st.Signal() != unix.SIGKILL {
			t.Errorf("%x", st)
		}
	}
	if _, _, err := sp.spawn(&sleep, procs[0].pid, &none); errno(err) != unix.EPERM {
		t.Errorf("a group that is gone: %v", err)
	}
}

// TestSpawnRefused: where our way is refused, Go's is used.
func TestSpawnRefused(t *testing.T) {
	var always refused
	always.ourWay.Store(true)
	var out bytes.Buffer
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	pid, pidfd, err := new(spawner).spawn(&Command{Path: "/bin/echo", Argv: []string{"echo", "x"}, Stdout: int(w.Fd()), Stderr: 2}, 0, &always)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(&out, r)
	p := child{pid: pid, pidfd: pidfd}
	p.reap()
	if out.String() != "x\n" {
		t.Errorf("%q", out.String())
	}
}
