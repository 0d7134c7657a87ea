package main_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fanout/internal/process"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// notEmulated is the scripts that do not hold under the emulator, each with the reason.
var notEmulated = map[string]string{
	"guardian": "the emulator refuses subreapers, without which there is no guardian",
	"nobang":   "its programs cannot be executed, and then a child of the emulator waits now and then for ever: for a lock that another thread had when it forked",
}

// sameEverywhere is the scripts of what is over before the first job, or after the last. They are the half of all
// starts of fanout, each of which takes a fifth of a second of a CPU here.
var sameEverywhere = []string{
	"bare_cr", "bench", "config", "dry_run", "refusals", "report", "rows", "usage", "words_of_flags",
}

// emulated is what the program for arm64 says under qemu-user before its first job.
func emulated() string {
	lack := process.Lack{Of: process.Subreapers, Err: os.NewSyscallError("prctl", unix.EINVAL)}
	return "fanout: warning: " + lack.Error() + "\n"
}

// TestEmulated runs the scripts of TestScript with the program for arm64, which qemu-user runs: as where images
// for several platforms are built. What its jobs run are this machine's programs.
func TestEmulated(t *testing.T) {
	if os.Getenv("FANOUT_TEST_QEMU") == "" {
		t.Skip("make test-qemu runs this")
	}
	testkit.Needs(t, "qemu-aarch64-static")
	dir := emulatedProgram(t)
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	left := maps.Clone(notEmulated)
	if os.Getenv("FANOUT_TEST_ALL") == "" {
		for _, name := range sameEverywhere {
			left[name] = "it is long, and of what is the same on all systems: FANOUT_TEST_ALL=1 runs it"
		}
	}
	var run []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if why := left[name]; why != "" {
			t.Run(name, func(t *testing.T) { t.Skip(why) })
			delete(left, name)
		} else {
			run = append(run, file)
		}
	}
	for name := range left {
		t.Errorf("there is no script %s", name)
	}
	runScriptFiles(t, run, map[string]string{
		"PATH":     dir + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"EMULATED": emulated(),
	})
}

// emulatedProgram builds the program as make build does, but for arm64, and returns the directory that it is in.
func emulatedProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	fanout := filepath.Join(dir, "fanout")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -E fanout_entry", "-o", fanout, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := testkit.Command(t, fanout, "-k", "echo {} | cat", ":::", "a", "b")
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	err := run.Run()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("programs for arm64 are not started here: no binfmt_misc is registered for them, and it cannot be in a namespace (scripts/emulated.sh)")
	}
	if err != nil || stdout.String() != "a\nb\n" || stderr.String() != emulated() {
		t.Fatalf("%v, stdout %q, stderr %q, want %q", err, stdout.String(), stderr.String(), emulated())
	}
	return dir
}
