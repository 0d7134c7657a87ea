package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// skip is a test that was skipped, or a part of one.
type skip struct {
	key
	tool, packages string // the tool that it needs, and the packages that have it
	reason         string // another reason
}

// without matches what internal/testkit prints when a tool is absent.
var without = regexp.MustCompile(`needs (\S+), which is absent: it is in Debian's (.+)`)

// logged matches a line that a test has logged, with its position.
var logged = regexp.MustCompile(`^\s+\w+\.go:\d+: (.*)`)

// scripted matches the command of a script that skips the rest of it.
var scripted = regexp.MustCompile(`> .*\bskip '(.*)'`)

// reason tells why a test was skipped: the last line that it logged.
func reason(output []string) string {
	why := "without a reason"
	for _, line := range output {
		line = strings.TrimRight(line, "\n")
		if found := scripted.FindStringSubmatch(line); found != nil {
			return found[1]
		}
		if found := logged.FindStringSubmatch(line); found != nil {
			why = found[1]
		}
	}
	return why
}

// left returns the skips by the names of the tests, without the tests that ran in another step. A test that passed may
// have skipped a part.
func (b *book) left() map[string][]skip {
	left := map[string][]skip{}
	for _, s := range b.skips {
		name := s.pkg + " " + s.test
		same := func(other skip) bool { return other.tool == s.tool && other.reason == s.reason }
		if (s.tool != "" || !b.passed[name]) && !slices.ContainsFunc(left[name], same) {
			left[name] = append(left[name], s)
		}
	}
	return left
}

// skipped returns the names of tests that were skipped in whole or in part, one per line.
func (b *book) skipped() string {
	return strings.Join(slices.Sorted(maps.Keys(b.left())), "\n") + "\n"
}

// summary prints what was skipped, what failed and the result. It reports whether all passed.
func (b *book) summary(interrupted bool) bool {
	left := b.left()
	b.listSkips(left)
	for _, said := range b.overdue {
		b.out.line("%s", said)
	}
	failed := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(b.failed))), func(name string) bool {
		return slices.ContainsFunc(b.failed, func(of string) bool { return strings.HasPrefix(of, name+"/") || strings.HasPrefix(of, name+" ") })
	})
	for _, name := range failed {
		b.out.line("FAIL %s", name)
	}
	how := "PASSED"
	switch {
	case interrupted:
		how = "INTERRUPTED"
	case len(failed) > 0:
		how = "FAILED"
	}
	b.out.line("%s: %d passed, %d failed, %d skipped in whole or in part, %s, in %v",
		how, len(b.passed), len(failed), len(left), b.with, time.Since(b.began).Round(time.Second))
	return how == "PASSED"
}

// listSkips prints the skipped tests, by what they need.
func (b *book) listSkips(left map[string][]skip) {
	if len(left) == 0 {
		return
	}
	tests := map[string][]string{}
	install := map[string]bool{}
	for name, skips := range left {
		for _, s := range skips {
			why := s.reason
			if s.tool != "" {
				why = fmt.Sprintf("there is no %s (apt-get install %s)", s.tool, s.packages)
				install[s.packages] = true
			}
			tests[why] = append(tests[why], strings.TrimPrefix(strings.TrimPrefix(name, e2e+" "), modulePath+"/"))
		}
	}
	b.out.line("")
	b.out.line("Skipped, or a part of it:")
	for _, why := range slices.Sorted(maps.Keys(tests)) {
		names := tests[why]
		slices.Sort(names)
		const most = 3
		more := ""
		if len(names) > most {
			more = fmt.Sprintf(" and %d more", len(names)-most)
		}
		b.out.line("  %s: %s%s", why, shortened(names[:min(most, len(names))]), more)
	}
	if len(install) > 0 {
		b.out.line("With more tools, more tests run: apt-get install %s", strings.Join(slices.Sorted(maps.Keys(install)), " "))
	}
	b.out.line("")
}

// shortened joins names, and cuts long ones.
func shortened(names []string) string {
	short := make([]string, len(names))
	for i, name := range names {
		const most = 60
		if short[i] = name; len(name) > most {
			short[i] = name[:most] + "…"
		}
	}
	return strings.Join(short, ", ")
}
