package process

import (
	"os"
	"strings"
	"testing"
)

func TestReasonOf(t *testing.T) {
	for trace, want := range map[string]string{
		"": "",
		"panic: assignment to entry in nil map\n\ngoroutine 1 [running]:\n":                                     "panic: assignment to entry in nil map",
		"SIGABRT: abort\nPC=0x4941a1 m=0 sigcode=0\n":                                                           "SIGABRT: abort",
		"runtime: out of memory: cannot allocate 1-byte block\nfatal error: out of memory\n\nruntime stack:\n":  "fatal error: out of memory",
		"runtime: failed to create new OS thread (have 51 already; errno=11)\nfatal error: newosproc\ngoroutin": "fatal error: newosproc",
		"panic: \x1b[31m\n":                   `"panic: \x1b[31m"`,
		"panic: " + strings.Repeat("x", 1000): "panic: " + strings.Repeat("x", 193),
	} {
		if got := reasonOf(trace); got != want {
			t.Errorf("%q: %q, want %q", trace, got, want)
		}
	}
}

func TestTrace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if reason, file := Trace(7); file != "" {
		t.Errorf("%q in %q, which is not there", reason, file)
	}
	if err := os.WriteFile(traceFile(7), []byte("panic: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if reason, file := Trace(7); reason != "panic: x" || file != traceFile(7) {
		t.Errorf("%q in %q", reason, file)
	}
	if err := os.Symlink(traceFile(7), traceFile(8)); err != nil {
		t.Fatal(err)
	}
	if _, file := Trace(8); file != "" {
		t.Errorf("a link was followed: %q", file)
	}
}
