package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// event is an event that go test -json prints.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// key identifies a test of a package in one call of go test.
type key struct{ step, pkg, test string }

// book keeps what is known of all tests.
type book struct {
	out   *printer
	log   io.Writer // may be nil
	began time.Time
	with  string // or without the race detector

	mu      sync.Mutex
	tests   map[key]*test
	groups  map[string]int      // the process groups of running steps
	builds  map[string][]string // the output of building a package
	passed  map[string]bool     // in some step, by package and test
	skips   []skip
	failed  []string // also packages, and steps
	overdue []string
}

// test is a test that has begun and not ended.
type test struct {
	since  time.Time // it began, or continued
	paused bool
	output []string
	over   bool // it has printed its result; the event comes with the next test's line
	ended  bool // the limit ended it
}

func newBook(out *printer) *book {
	return &book{
		out: out, log: io.Discard, began: time.Now(),
		tests: map[key]*test{}, groups: map[string]int{}, builds: map[string][]string{}, passed: map[string]bool{},
	}
}

// runStep runs go test in a process group of its own. The end of the context ends the group.
func (b *book) runStep(ctx context.Context, dir string, s step) {
	c := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1", timeout}, s.args...)...)
	c.Dir = filepath.Join(dir, s.dir)
	c.Env = append(os.Environ(), s.env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	out, err := c.StdoutPipe()
	var errs strings.Builder
	c.Stderr = &errs
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.fail(s.name, err.Error())
		return
	}
	b.mu.Lock()
	b.groups[s.name] = c.Process.Pid
	b.mu.Unlock()
	failures := b.count()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		b.take(s, line)
		if err != nil {
			break
		}
	}
	err = c.Wait()
	syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	b.mu.Lock()
	delete(b.groups, s.name)
	b.mu.Unlock()
	if err != nil && ctx.Err() == nil && b.count() == failures {
		b.fail(s.name, fmt.Sprintf("go test: %v\n%s", err, &errs))
	}
}

func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.failed)
}

// fail notes a failure that is not a test's.
func (b *book) fail(what, output string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, what)
	b.out.failure(what, strings.SplitAfter(output, "\n"))
}

// take reads a line of go test.
func (b *book) take(s step, line string) {
	var e event
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		if line != "" {
			b.out.line("%s: %s", s.name, strings.TrimSpace(line))
		}
		return
	}
	io.WriteString(b.log, e.Output)
	k := key{s.name, e.Package, e.Test}
	switch e.Action {
	case "build-output":
		b.builds[e.ImportPath] = append(b.builds[e.ImportPath], e.Output)
	case "start", "run":
		b.tests[k] = &test{since: time.Now()}
	case "pause", "cont":
		if t := b.tests[k]; t != nil {
			t.since, t.paused = time.Now(), e.Action == "pause"
		}
	case "output":
		b.output(k, e.Output)
	case "pass", "fail", "skip":
		b.end(k, e)
	}
}

// output keeps what a test prints, without the lines that say that it began and the like.
func (b *book) output(k key, line string) {
	if t := b.tests[k]; t != nil && !strings.HasPrefix(line, "=== ") {
		t.output = append(t.output, line)
		t.over = t.over || strings.HasPrefix(strings.TrimSpace(line), "--- ")
	}
	if found := without.FindStringSubmatch(line); found != nil {
		b.skips = append(b.skips, skip{key: k, tool: found[1], packages: strings.TrimSpace(found[2])})
	}
}

func (b *book) end(k key, e event) {
	t := b.tests[k]
	if t == nil {
		t = &test{}
	}
	delete(b.tests, k)
	if k.test == "" {
		b.unended(k)
	}
	if e.Action == "fail" {
		b.failedTest(k, t, e)
		return
	}
	if k.test == "" {
		b.out.line("%-4s %7.1fs  %s (%s)", "ok", e.Elapsed, short(k.pkg), k.step)
		return
	}
	if e.Action == "skip" {
		if !slices.ContainsFunc(b.skips, func(s skip) bool { return s.key == k }) {
			b.skips = append(b.skips, skip{key: k, reason: reason(t.output)})
		}
		return
	}
	b.passed[k.pkg+" "+k.test] = true
}

// unended reports the tests that had not ended when their program did.
func (b *book) unended(pkg key) {
	for k, t := range b.tests {
		if k.step == pkg.step && k.pkg == pkg.pkg {
			delete(b.tests, k)
			name := short(k.pkg) + " " + k.test
			b.failed = append(b.failed, name)
			b.out.failure(fmt.Sprintf("%s (%s): its program ended before it did", name, k.step), t.output)
		}
	}
}

// failedTest reports a failed test, or a package that failed for another reason than its tests.
func (b *book) failedTest(k key, t *test, e event) {
	name := strings.TrimSpace(short(k.pkg) + " " + k.test)
	if k.test == "" {
		output := append(b.builds[e.FailedBuild], t.output...)
		if e.FailedBuild == "" && slices.ContainsFunc(b.failed, func(f string) bool { return strings.HasPrefix(f, name+" ") }) {
			output = nil // its tests have shown why
		}
		b.failed = append(b.failed, name)
		b.out.line("%-4s %7.1fs  %s (%s)", "FAIL", e.Elapsed, short(k.pkg), k.step)
		b.out.excerpt(output)
		return
	}
	within := slices.ContainsFunc(b.failed, func(f string) bool { return strings.HasPrefix(f, name+"/") })
	b.failed = append(b.failed, name)
	if within && len(t.output) <= 1 {
		return // its subtests have shown why
	}
	b.out.failure(fmt.Sprintf("%s (%s, %.1fs)", name, k.step, e.Elapsed), t.output)
}

// short returns the name of a package without the module's.
func short(pkg string) string {
	if rest, ok := strings.CutPrefix(pkg, modulePath+"/"); ok {
		return rest
	}
	return pkg
}
