//go:build unix

package flow_test

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// canaryItems make the file PWN where something reads them as code. They do nothing else.
var canaryItems = []string{
	"a[$(touch PWN)]", "touch PWN", "$(touch PWN)", ";touch PWN;", "';touch PWN;'", "\";touch PWN;\"", "x\ntouch PWN\n",
	"x=a[$(touch PWN)]", "x;touch PWN #", "-va[$(touch PWN)]", "-v a[$(touch${IFS}PWN)]", "-c touch${IFS}PWN",
}

// realPrograms are the programs that scripts of the fuzzer may run. All others are missing, or stand-ins.
var realPrograms = []string{
	"bash", "sh", "cat", "sed", "awk", "tr", "head", "tail", "tee", "touch", "expr", "dd", "env", "printenv", "xargs", "find", "base64",
	"basename", "timeout", "nice", "sleep", "grep", "wc", "true", "yes", "stat", "sort",
}

// standIns stand for programs that run a command elsewhere or as somebody else. They run it here.
var standIns = map[string]string{
	"ssh":    `shift; [ $# = 0 ] && exec sh; exec sh -c "$*"`,
	"sudo":   `[ "$1" = -s ] && exec sh; exec "$@"`,
	"su":     `[ $# -gt 0 ] && shift; [ "$1" = -c ] && exec sh -c "$2"; exec sh`,
	"chroot": `shift; [ $# = 0 ] && exec sh; exec "$@"`,
	"docker": `exit 0`,
}

// TestFlows runs random scripts that are accepted without a word. FANOUT_FUZZ_FLOWS=1h goes on for an hour
// (with -timeout 0), or until it has found enough; FANOUT_FUZZ_SEED takes other scripts.
func TestFlows(t *testing.T) {
	bash := bashPath(t)
	count, seed, until := 300, uint64(1), time.Time{}
	if s := os.Getenv("FANOUT_FUZZ_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	if s := os.Getenv("FANOUT_FUZZ_FLOWS"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		count, until = 1<<40, time.Now().Add(d)
	}
	h := &harness{bash: bash, path: programs(t), found: map[string]int{}}
	var next sync.Mutex
	number := 0
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := t.TempDir()
		wg.Go(func() {
			for {
				next.Lock()
				number++
				n := number
				next.Unlock()
				if n > count || !until.IsZero() && time.Now().After(until) || h.enough() {
					return
				}
				h.try(t, dir, randomFlow(rand.New(rand.NewPCG(seed, uint64(n)))))
			}
		})
	}
	wg.Wait()
	t.Logf("%d scripts: %d refused or warned of, %d accepted; of %d with a harmless end, %d were refused or warned of",
		h.scripts, h.stopped, h.scripts-h.stopped, h.harmless, h.tooStrict)
	for _, text := range h.strict {
		t.Logf("harmless, but refused or warned of:\n%s", text)
	}
	if len(h.found) > 0 {
		t.Errorf("%d different scripts ran their item", len(h.found))
	}
}

// programs makes a directory for PATH.
func programs(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range realPrograms {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("no %s", name)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range standIns {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// harness tries scripts, and counts what became of them.
type harness struct {
	bash, path string

	mu                                    sync.Mutex
	scripts, stopped, harmless, tooStrict int
	strict                                []string       // some of the harmless scripts that were stopped
	found                                 map[string]int // by the smallest script
}

// enough reports whether there are as many finds as anybody reads.
func (h *harness) enough() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.found) >= 25
}

// try judges one script, and runs it if it is accepted.
func (h *harness) try(t *testing.T, dir string, f flow) {
	refused, warned, _ := verdict(f.text())
	h.mu.Lock()
	h.scripts++
	if refused || warned {
		h.stopped++
	}
	if f.end.harmless {
		h.harmless++
		if refused || warned {
			h.tooStrict++
			if len(h.strict) < 8 {
				h.strict = append(h.strict, f.text())
			}
		}
	}
	h.mu.Unlock()
	item, ran := h.escapes(dir, f)
	if !ran {
		return
	}
	whole := f.text()
	for i := 0; i < len(f.steps); {
		smaller := f.without(i)
		if smaller.valid() {
			if it, ran := h.escapes(dir, smaller); ran {
				f, item, i = smaller, it, 0
				continue
			}
		}
		i++
	}
	h.mu.Lock()
	h.found[f.text()]++
	first := h.found[f.text()] == 1
	h.mu.Unlock()
	if first {
		t.Errorf("accepted, and runs the item %q:\n%s\nfound as:\n%s", item, f.text(), whole)
	}
}

// escapes returns the item that becomes code in a script, although fanout accepts both without a word.
func (h *harness) escapes(dir string, f flow) (item string, ran bool) {
	refused, warned, run := verdict(f.text())
	if refused || warned {
		return "", false
	}
	for _, item := range canaryItems {
		text, params, err := run(item)
		if err == nil && h.runs(dir, text, params) {
			return item, true
		}
	}
	return "", false
}

// runs reports whether a shell that runs the text makes the file PWN, wherever.
func (h *harness) runs(dir, text string, params []string) (made bool) {
	work, err := os.MkdirTemp(dir, "")
	if err != nil {
		return false
	}
	defer os.RemoveAll(work)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.bash, append([]string{"-c", text, "bash"}, params...)...)
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + h.path, "HOME=" + work, "TMPDIR=" + work, "LC_ALL=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = kill
	cmd.WaitDelay = time.Second
	if cmd.Run() != nil && cmd.Process == nil {
		return false
	}
	_ = kill() // what the script left in the background
	_ = filepath.WalkDir(work, func(_ string, e fs.DirEntry, err error) error {
		made = made || err == nil && e.Name() == "PWN"
		return nil
	})
	return made
}
