package warden

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// cleaner is the first argument of the test program when a warden has become it. It writes the arguments that follow into
// the file that the first of them names.
const cleaner = "cleaner"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == cleaner {
		os.WriteFile(os.Args[2], []byte(strings.Join(os.Args[3:], "\n")), 0o600)
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// guard starts a warden whose runner is a shell. say sends it a word, and hear returns its next report.
func guard(t *testing.T, spec Spec, script string) (pid int, say func(string), hear func() Report) {
	t.Helper()
	runtime.LockOSThread() // the warden's parent
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[0]) })
	spec.Socket, spec.Argv, spec.Env = pair[1], []string{"sh", "-c", script}, os.Environ()
	if spec.Path == "" {
		spec.Path = "/bin/sh"
	}
	spec.Alone = "alone\x00"
	pid, err = Start(&spec)
	unix.Close(pair[1])
	if err != nil {
		t.Fatal(err)
	}
	say = func(word string) { unix.Write(pair[0], []byte(word)) }
	hear = func() (r Report) {
		var buf [16]byte
		for {
			if _, err := unix.Read(pair[0], buf[:]); err != unix.EINTR {
				return Report{int64(binary.NativeEndian.Uint64(buf[:])), int64(binary.NativeEndian.Uint64(buf[8:]))}
			}
		}
	}
	return pid, say, hear
}

// ends checks the warden's exit status.
func ends(t *testing.T, pid, status int) {
	t.Helper()
	var st syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &st, 0, nil); err != unix.EINTR {
			break
		}
	}
	if st.ExitStatus() != status {
		t.Errorf("the warden ended with %v, want exit status %d", st, status)
	}
}

// TestReports: the warden tells how the runner stops and ends, and ends when it is told to leave.
func TestReports(t *testing.T) {
	testkit.Within(t, testkit.Patience, "the warden", func() {
		pid, say, hear := guard(t, Spec{}, `(sleep 0.1 &); kill -STOP $$; exit 7`)
		started := hear()
		if started.PID <= 0 || started.Status != 0 {
			t.Fatalf("%+v", started)
		}
		if stopped := hear(); stopped.PID != started.PID || !syscall.WaitStatus(stopped.Status).Stopped() {
			t.Errorf("%+v", stopped)
		}
		group, _ := unix.Getpgid(pid)
		theirs, _ := unix.Getpgid(int(started.PID))
		if group != pid || theirs != unix.Getpgrp() {
			t.Errorf("the groups are %d of the warden, %d of the runner, and %d", group, theirs, unix.Getpgrp())
		}
		unix.Kill(pid, unix.SIGTERM) // has no effect while we live
		unix.Kill(pid, unix.SIGHUP)
		unix.Kill(int(started.PID), unix.SIGCONT)
		if ended := hear(); ended.PID != started.PID || syscall.WaitStatus(ended.Status).ExitStatus() != 7 {
			t.Errorf("%+v", ended)
		}
		say(Leave)
		ends(t, pid, 0)
	})
}

// TestNoRunner: when the runner cannot be started, the warden says why, and ends.
func TestNoRunner(t *testing.T) {
	testkit.Within(t, testkit.Patience, "the warden", func() {
		pid, _, hear := guard(t, Spec{Path: "/dev/null/none"}, "")
		if r := hear(); r.PID != -int64(unix.ENOTDIR) {
			t.Errorf("%+v", r)
		}
		ends(t, pid, 0)
	})
}

// TestFiles: the runner has the limit on open files that it is given.
func TestFiles(t *testing.T) {
	testkit.Within(t, testkit.Patience, "the warden", func() {
		pid, say, hear := guard(t, Spec{Files: [2]uint64{123, 456}}, `test $(ulimit -Sn) = 123 && test $(ulimit -Hn) = 456`)
		hear()
		if r := hear(); r.Status != 0 {
			t.Errorf("%+v", r)
		}
		say(Leave)
		ends(t, pid, 0)
	})
}

// TestCleaner: without the word to leave, the warden becomes the other program, whose last argument is the last word.
func TestCleaner(t *testing.T) {
	for word, want := range map[string]string{"5s\x00": "b\n5s", "1m0.5s\x00": "b\n1m0.5s"} {
		testkit.Within(t, testkit.Patience, "the warden", func() {
			file := filepath.Join(t.TempDir(), "file")
			pid, say, hear := guard(t, Spec{Cleaner: []string{"name", cleaner, file, "b"}}, "exit 1")
			hear()
			hear()
			say(word)
			ends(t, pid, 3)
			if text, _ := os.ReadFile(file); string(text) != want {
				t.Errorf("the arguments are %q, want %q", text, want)
			}
		})
	}
}
