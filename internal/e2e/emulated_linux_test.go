package e2e_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fanout/internal/process"
	"fanout/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// notEmulated holds the scripts that fail under the emulator, each with the reason.
var notEmulated = map[string]string{
	"guardian": "the emulator refuses subreapers, without which there is no guardian",
	"nobang":   "its programs cannot be executed, and then a child of the emulator sometimes waits for ever, for a lock that another thread held during the fork",
}

// sameEverywhere holds the scripts about what happens before the first job or after the last. They make half of all
// starts of fanout, and each start takes a fifth of a second of a CPU here.
var sameEverywhere = []string{
	"bare_cr", "bench", "config", "dry_run", "refusals", "report", "rows", "usage", "words_of_flags",
}

// emulated returns the warning that the program for arm64 prints under qemu-user before its first job.
func emulated() string {
	lack := process.Lack{Of: process.Subreapers, Err: os.NewSyscallError("prctl", unix.EINVAL)}
	return "fanout: warning: " + lack.Error() + "\n"
}

// TestEmulated runs the scripts of TestScript with the program for arm64 under qemu-user, as builds of images for
// several platforms do. Its jobs run this machine's programs.
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
			left[name] = "it takes long and tests what is the same on all systems: FANOUT_TEST_ALL=1 runs it"
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
	variables := map[string]string{
		"PATH":     dir + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"EMULATED": emulated(),
		// With more threads, a child that is forked while another thread runs sometimes waits for ever, for a lock of
		// the emulator that this thread held: docs/processes.md.
		"GOMAXPROCS": "1",
	}
	examples, err := filepath.Abs("testdata/persistent")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range run {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			as, p := &hangable{one: one{t}}, scriptParams(examples, variables)
			setup := p.Setup
			p.Setup = func(env *testscript.Env) error {
				env.Defer(as.watch("WORK=" + env.WorkDir))
				return setup(env)
			}
			runScriptAs(t, as, file, 2*time.Minute, p)
		})
	}
}

// hangable is a script during which the emulator may hang. Then the script counts as skipped, and says why.
type hangable struct {
	one
	stuck atomic.Bool
}

const isStuck = "the emulator hung: a forked child never reached its exec, and was killed"

// FailNow implements testscript.T.
func (h *hangable) FailNow() {
	if h.stuck.Load() {
		h.T.Skip(isStuck)
	}
	h.T.FailNow()
}

// Fatal implements testscript.T.
func (h *hangable) Fatal(words ...any) {
	h.T.Log(words...)
	h.FailNow()
}

// Run implements testscript.T.
func (h *hangable) Run(_ string, f func(testscript.T)) { f(h) }

// watch kills children of emulated programs that do not reach their exec for a long time. Such a child still has the
// command line of its parent. Without a guardian, no other process looks like that. watch ends when the returned
// function is called.
func (h *hangable) watch(entry string) (stop func()) {
	const long = 10 * time.Second
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		met := map[int]time.Time{}
		for {
			select {
			case <-ended:
				return
			case <-time.After(time.Second):
			}
			for _, pid := range testkit.Bearing(entry) {
				if !unexecuted(pid) {
					delete(met, pid)
				} else if since, known := met[pid]; !known {
					met[pid] = time.Now()
				} else if time.Since(since) > long {
					h.stuck.Store(true)
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		}
	})
	return func() {
		close(ended)
		all.Wait()
	}
}

// unexecuted reports whether a process is the child of an emulated program, and still a copy of it.
func unexecuted(pid int) bool {
	own := testkit.CommandLine(pid)
	_, parent := stat(pid)
	program, _, _ := strings.Cut(own, "\x00")
	return strings.HasSuffix(program, "qemu-aarch64-static") && own == testkit.CommandLine(parent)
}

// emulatedProgram builds the program as make build does, but for arm64, and returns its directory.
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
		t.Skip("this machine does not run programs for arm64: no binfmt_misc is registered for them, and a namespace cannot register one (scripts/emulated.sh)")
	}
	if err != nil || stdout.String() != "a\nb\n" || stderr.String() != emulated() {
		t.Fatalf("%v, stdout %q, stderr %q, want %q", err, stdout.String(), stderr.String(), emulated())
	}
	return dir
}

// TestEmulatorHangs: watch finds a child that is a copy of its parent, and no program that the child runs.
func TestEmulatorHangs(t *testing.T) {
	testkit.Slow(t)
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	entry := "FANOUT_TEST_ENTRY=" + rand.Text()
	emulator := filepath.Join(t.TempDir(), "qemu-aarch64-static")
	if err := os.Symlink(bash, emulator); err != nil {
		t.Fatal(err)
	}
	run := testkit.Command(t, emulator, "-c", "(sleep 1000; true) & wait")
	run.Env = append(os.Environ(), entry)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	h := &hangable{one: one{t}}
	stop := h.watch(entry)
	run.Wait() // KILL ends the copy
	stop()
	if !h.stuck.Load() {
		t.Error("the copy was not found")
	}
	for _, pid := range testkit.Bearing(entry) {
		if unexecuted(pid) {
			t.Errorf("process %d counts as a copy", pid)
		}
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
