package e2e_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"fanout/internal/testkit"
)

// TestWaitingIsNotRunning: before a worker has answered, no job counts as running, in the progress, on USR1 and in
// fanout ps.
func TestWaitingIsNotRunning(t *testing.T) {
	silent := filepath.Join(t.TempDir(), "ssh")
	if err := os.WriteFile(silent, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, "fanout", "-p", "json", "--backend", "ssh", "--ssh-command", silent, "--hosts", "n1:2,n2:1", "cat {}", ":::", "a", "b", "c", "d", "e")
	r.begin()
	said := func(text string) func() bool {
		return func() bool { return strings.Contains(string(r.said()), text) }
	}
	r.eventually("an object", said(`"failed":0,"running":0,"total":5,"waiting":3,`))
	r.signal(syscall.SIGUSR1)
	r.eventually("a list", said("fanout: running: 0, waiting: 3\n"))
	var list string
	r.eventually("an entry with counts", func() bool {
		ps := exec.Command("fanout", "ps", "--json")
		ps.Env = r.cmd.Env
		out, err := ps.Output()
		if err != nil {
			t.Fatal(err)
		}
		list = string(out)
		return strings.Contains(list, `"waiting":3`)
	})
	if !strings.Contains(list, `"running":0,"waiting":3,`) {
		t.Errorf("fanout ps says %s", list)
	}
	r.signal(syscall.SIGTERM)
	r.signal(syscall.SIGTERM)
	io.Copy(io.Discard, r.stdout)
	r.ends(128 + int(syscall.SIGTERM))
}

// TestPlainWaiting: the same in --progress plain, when there is no room for the processes of jobs.
func TestPlainWaiting(t *testing.T) {
	testkit.Slow(t)
	group, file := pidsGroup(t, 2000)
	r := prepare(t, within(group, "fanout", "-p", "plain", "-j3", "cat", "gate", "{}")...)
	for _, name := range []string{"gate", "1", "2", "3"} {
		if err := syscall.Mkfifo(filepath.Join(r.dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.begin()
	items := func(from, to int) {
		for i := from; i <= to; i++ {
			io.WriteString(r.stdin, strconv.Itoa(i)+"\n")
		}
	}
	items(1, 2)
	r.eventually("two jobs", func() bool { return r.programs("cat") == 2 })
	if err := os.WriteFile(file, []byte("3"), 0o644); err != nil {
		t.Fatal(err)
	}
	items(3, 3)
	r.stdin.Close()
	r.eventually("a line", func() bool {
		return strings.Contains(string(r.said()), "done, 2 running, 1 waiting, 0.00/s, ")
	})
	r.signal(syscall.SIGTERM)
	io.Copy(io.Discard, r.stdout)
	r.ends(128 + int(syscall.SIGTERM))
}
