package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// active returns the tests that run now, the longest first, without those that wait for their turn or for subtests.
func (b *book) active() []key {
	parents := map[key]bool{}
	for k := range b.tests {
		for name := k.test; name != ""; {
			i := strings.LastIndexByte(name, '/')
			name = name[:max(i, 0)]
			parents[key{k.step, k.pkg, name}] = true
		}
	}
	var keys []key
	for k, t := range b.tests {
		if k.test != "" && !t.paused && !t.over && !parents[k] {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(x, y key) int { return b.tests[x].since.Compare(b.tests[y].since) })
	return keys
}

// running describes the running tests in one line.
func (b *book) running() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	head := fmt.Sprintf("     %7s  %d tests passed", time.Since(b.began).Round(time.Second), len(b.passed))
	keys := b.active()
	if len(keys) == 0 {
		return head + "; programs of tests are being built"
	}
	const most = 4
	var names []string
	for _, k := range keys[:min(most, len(keys))] {
		names = append(names, fmt.Sprintf("%s %s (%.0fs)", short(k.pkg), k.test, time.Since(b.tests[k].since).Seconds()))
	}
	if more := len(keys) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return head + "; running: " + strings.Join(names, ", ")
}

// watch ends tests that exceed the limit, until its result is called. A single test cannot be ended, so watch ends the
// program as a whole, which then prints the stacks of its goroutines.
func (b *book) watch(limit time.Duration) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for tick := time.Tick(min(limit, time.Second)); ; {
			select {
			case <-ended:
				return
			case <-tick:
				b.endOverdue(limit)
			}
		}
	})
	return func() {
		close(ended)
		all.Wait()
	}
}

func (b *book) endOverdue(limit time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.active() {
		t := b.tests[k]
		if t.ended || time.Since(t.since) < limit {
			continue
		}
		t.ended = true
		said := fmt.Sprintf("%s %s has exceeded its limit of %v: its program is ended", short(k.pkg), k.test, limit)
		b.overdue = append(b.overdue, said)
		b.out.line("%s", said)
		for _, pid := range programs(b.groups[k.step], k.pkg) {
			syscall.Kill(pid, syscall.SIGQUIT)
		}
	}
}

// programs finds the test programs of a package in a process group. go test runs each in the directory of the package.
func programs(group int, pkg string) (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		var pid, parent, pgrp int
		var state string
		stat, _ := os.ReadFile(dir + "/stat")
		rest := string(stat[strings.LastIndexByte(string(stat), ')')+1:])
		if n, _ := fmt.Sscan(rest, &state, &parent, &pgrp); n < 3 || pgrp != group || parent != group {
			continue
		}
		program, _ := os.Readlink(dir + "/exe")
		where, _ := os.Readlink(dir + "/cwd")
		if n, _ := fmt.Sscan(filepath.Base(dir), &pid); n == 1 && strings.HasSuffix(program, ".test") && inPackage(where, pkg) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// inPackage reports whether a directory is that of a package.
func inPackage(dir, pkg string) bool {
	if pkg == e2e { // its tests run in the root
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		return err == nil
	}
	return strings.HasSuffix(dir, "/"+short(pkg))
}
