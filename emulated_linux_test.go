package main_test

import (
	"bytes"
	"errors"
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

// notEmulated is the scripts that do not run under the emulator, each with the reason.
var notEmulated = map[string]string{
	"guardian": "the emulator refuses subreapers, without which there is no guardian",
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
	known := map[string]bool{}
	var run []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		known[name] = true
		if why := notEmulated[name]; why != "" {
			t.Run(name, func(t *testing.T) { t.Skip(why) })
		} else {
			run = append(run, file)
		}
	}
	for name := range notEmulated {
		if !known[name] {
			t.Errorf("there is no script %s", name)
		}
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
