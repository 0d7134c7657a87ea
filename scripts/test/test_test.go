package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestRun runs a module in which a test hangs, one fails with much output, and some need absent tools.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hangs")
	for name, text := range map[string]string{
		"go.mod": "module hangs\n\ngo 1.26\n",
		"hangs_test.go": `package hangs

import "testing"

func TestFine(t *testing.T)   { t.Log("a part of it needs xargs, which is absent: it is in Debian's findutils") }
func TestTool(t *testing.T)   { t.Skip("needs cc, which is absent: it is in Debian's gcc libc6-dev") }
func TestReason(t *testing.T) { t.Skip("too early in the day") }

func TestSub(t *testing.T) {
	t.Run("hangs", func(t *testing.T) { t.Parallel(); t.Log("about to wait"); <-make(chan int); select {} })
	t.Run("fails", func(t *testing.T) { t.Parallel(); for i := range 300 { t.Error("line", i) } })
}
`} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	skipped := filepath.Join(dir, "skipped")
	ok, err := run(t.Context(), []string{"-dir", dir, "-limit", "2s", "-skipped", skipped, "."}, &out, os.Stderr)
	if ok || err != nil {
		t.Errorf("all is well: %t, %v", ok, err)
	}
	for _, want := range []string{
		`(?m)^hangs TestSub/hangs has exceeded its limit of 2s: its program is ended$`,
		`(?m)^ +hangs_test.go:\d+: about to wait$`,
		`(?m)^ +hangs_test.go:\d+: line 7$`,
		`(?m)^ +\[\d+ lines are left out here; .tools/test.log has them\]$`,
		`(?m)^  there is no cc \(apt-get install gcc libc6-dev\): hangs TestTool$`,
		`(?m)^  there is no xargs \(apt-get install findutils\): hangs TestFine$`,
		`(?m)^  too early in the day: hangs TestReason$`,
		`(?m)^With more tools, more tests run: apt-get install findutils gcc libc6-dev$`,
		`(?m)^FAIL hangs TestSub/fails\nFAIL hangs TestSub/hangs\nFAILED: \d passed, 2 failed, 3 skipped in whole or in part, without the race detector, in \d+s\n$`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("it does not say %s", want)
		}
	}
	if t.Failed() {
		t.Logf("it says %.10000s", &out)
	}
	if bytes.Contains(out.Bytes(), []byte("line 150")) {
		t.Error("the output of a test is not cut")
	}
	if log, _ := os.ReadFile(filepath.Join(dir, ".tools", "test.log")); !bytes.Contains(log, []byte("line 150")) {
		t.Error("the log has not all")
	}
	if names, _ := os.ReadFile(skipped); string(names) != "hangs TestFine\nhangs TestReason\nhangs TestTool\n" {
		t.Errorf("skipped: %q", names)
	}
}

// TestBroken checks that a package that cannot be built fails, with the reason.
func TestBroken(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module broken\n\ngo 1.26\n"), 0o666)
	os.WriteFile(filepath.Join(dir, "broken_test.go"), []byte("package broken\n\nvar x int = nothing\n"), 0o666)
	var out bytes.Buffer
	if ok, err := run(t.Context(), []string{"-dir", dir, "."}, &out, os.Stderr); ok || err != nil {
		t.Errorf("all is well: %t, %v", ok, err)
	}
	if said := out.String(); !strings.Contains(said, "undefined: nothing") || !strings.Contains(said, "\nFAILED: 0 passed, 1 failed") {
		t.Error(said)
	}
}

// TestNeverSilent checks that running tests are shown.
func TestNeverSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newPrinter(&out)
		b := newBook(p)
		stop := p.heartbeat(b.running)
		b.take(step{name: "s"}, `{"Action":"run","Package":"fanout","Test":"TestLong"}`)
		b.take(step{name: "s"}, `{"Action":"run","Package":"fanout","Test":"TestLong/part"}`)
		b.take(step{name: "s"}, `{"Action":"run","Package":"fanout","Test":"TestLong/later"}`)
		b.take(step{name: "s"}, `{"Action":"pause","Package":"fanout","Test":"TestLong/later"}`)
		time.Sleep(10*time.Minute + time.Second)
		stop()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) < 10 || !strings.Contains(lines[len(lines)-1], "0 tests passed; running: fanout TestLong/part (") || strings.Contains(out.String(), "later") {
			t.Errorf("%d lines: %s", len(lines), out.String())
		}
	})
}

func TestPattern(t *testing.T) {
	names := []string{
		"fanout/internal/e2e TestScript/a_b", "fanout/internal/e2e TestDocs/README.md/x|y", "fanout/internal/e2e TestDocs/plain", "fanout/internal/e2e TestKill",
		"fanout/internal/e2e TestKill/part", "fanout/internal/x TestOther",
	}
	got := pattern(strings.Fields(strings.Join(names, "\n")))
	if want := "^TestDocs$|^TestKill$|^TestScript$/^a_b$|^$"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestReason(t *testing.T) {
	for want, output := range map[string]string{
		"root can":         "    script_limit_test.go:66: > [root] skip 'root can'\n    --- SKIP: TestScript/x (0.00s)\n",
		"no":               "    a_test.go:1: first\n    a_test.go:2: no\n",
		"without a reason": "",
	} {
		if got := reason(strings.SplitAfter(output, "\n")); got != want {
			t.Errorf("%q: %q", output, got)
		}
	}
}
