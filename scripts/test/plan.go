package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// step is one call of go test.
type step struct {
	name string
	args []string
	env  []string
	dir  string // of its module in the checkout; "" is the checkout's own
}

// benchmarks returns the step for scripts/bench, which is a module of its own.
func benchmarks(name string, flags ...string) step {
	return step{name: name, args: append(flags, "./..."), dir: "scripts/bench"}
}

// atOnce is how many steps run at a time: some of them mostly wait, and leave the CPUs to another.
const atOnce = 2

// raced selects the program's own tests that run with the race detector: scripts with much concurrency. With it, every
// test takes four times as long to start, and it found nothing in the others.
const raced = `TestScriptProcess$/^(failures|output|pipe|retries|signals_of_jobs|stop|timeout|workers_die)$|TestConformanceBadConnections`

// large selects trials of workers that are smaller with the race detector, and run in full without it.
const large = `TestFaults|TestLatency`

// timeout is the limit of go test itself, the last of all.
const timeout = "-timeout=25m"

// plan returns the steps in order, and a word on the race detector.
func plan(ctx context.Context, o options) (steps []step, with string, err error) {
	const without = "without the race detector"
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return nil, "", err
	}
	if len(o.only) > 0 {
		return []step{{name: "the tests asked for", args: o.only}}, without, nil
	}
	if o.backends != "" {
		for _, name := range strings.Fields(o.backends) {
			if name == "qemu" {
				// A script spends most of its time on starting programs, and some on waiting.
				steps = append(steps, step{
					name: name,
					args: []string{"-exec", filepath.Join(dir, "scripts", "emulated.sh"), "-parallel", "4", "-run", "^TestEmulated$", e2e},
					env:  []string{"FANOUT_TEST_QEMU=1", "CGO_ENABLED=0"},
				})
				continue
			}
			if backends[name] == "" {
				return nil, "", fmt.Errorf("-backends %s: they are ssh, slurm, ray and qemu", name)
			}
			steps = append(steps, step{
				name: name, args: []string{"-run", backends[name], e2e}, env: []string{"FANOUT_TEST_BACKENDS=" + name},
			})
		}
		return steps, without, nil
	}
	packages, err := list(ctx, o.dir)
	if err != nil {
		return nil, "", err
	}
	program := []string{e2e}
	if o.rest != "" {
		names, err := os.ReadFile(o.rest)
		if err != nil {
			return nil, "", err
		}
		program = []string{"-run", pattern(strings.Fields(string(names))), e2e}
	}
	if o.quick {
		return []step{
			{name: "packages", args: append([]string{"-short"}, packages...)},
			benchmarks("benchmarks", "-short"),
			{name: "program", args: append([]string{"-short", "-parallel=4"}, program...)}, // most wait
		}, without, nil
	}
	if why := noRace(ctx, o); why != "" {
		return []step{
			{name: "packages", args: packages},
			benchmarks("benchmarks"),
			{name: "program", args: program},
		}, without + ": " + why, nil
	}
	return []step{
		{name: "packages, race detector", args: append([]string{"-race"}, packages...)},
		benchmarks("benchmarks, race detector", "-race"),
		{name: "program", args: append([]string{"-skip", "TestConformanceBadConnections"}, program...)},
		{name: "program, race detector", args: []string{"-race", "-run", raced, e2e}},
		{name: "large trials", args: []string{"-run", large, "./internal/worker"}},
	}, "with the race detector", nil
}

// backends selects the tests of each backend.
var backends = map[string]string{"ssh": "SSH|Hosts|Network", "slurm": "Slurm", "ray": "Ray"}

// list returns the packages that have tests, except e2e.
func list(ctx context.Context, dir string) ([]string, error) {
	c := exec.CommandContext(ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./...")
	c.Dir = dir
	var errs bytes.Buffer
	c.Stderr = &errs
	text, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &errs)
	}
	packages := strings.Fields(string(text))
	return slices.DeleteFunc(packages, func(p string) bool { return p == e2e }), nil
}

// noRace tells why the race detector cannot be used here, or returns "". It needs a working C compiler.
func noRace(ctx context.Context, o options) string {
	if o.plain {
		return "as asked for"
	}
	on, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED").Output()
	if err == nil && strings.TrimSpace(string(on)) == "0" {
		return "it needs a C compiler (Debian: apt-get install gcc libc6-dev)"
	}
	c := exec.CommandContext(ctx, "go", "test", "-race", "-count=1", "-run", "^$", "./internal/text")
	c.Dir = o.dir
	if text, err := c.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(bytes.ReplaceAll(text, []byte("\n"), []byte("; ")))), "; FAIL")
		return fmt.Sprintf("it does not work here (Debian: apt-get install gcc libc6-dev): %.300s", first)
	}
	return ""
}

// plainName matches the name of a test that -run takes literally.
var plainName = regexp.MustCompile(`^\w+(/\w+)?$`)

// pattern returns a pattern for -run that selects these tests of the program, each of them "package name". For a subtest
// with an unusual name it selects the whole test.
func pattern(lines []string) string {
	whole, parts := map[string]bool{}, []string{}
	for i := 1; i < len(lines); i += 2 {
		if lines[i-1] != e2e {
			continue
		}
		test, _, sub := strings.Cut(lines[i], "/")
		if sub && plainName.MatchString(lines[i]) {
			parts = append(parts, lines[i])
		} else {
			whole[test] = true
		}
	}
	var alternatives []string
	for test := range whole {
		alternatives = append(alternatives, "^"+test+"$")
	}
	for _, name := range parts {
		if test, sub, _ := strings.Cut(name, "/"); !whole[test] {
			alternatives = append(alternatives, "^"+test+"$/^"+sub+"$")
		}
	}
	slices.Sort(alternatives)
	return strings.Join(append(slices.Compact(alternatives), "^$"), "|")
}

// modulePath is the module; e2e is the package with the tests of the program as a whole.
const (
	modulePath = "fanout"
	e2e        = modulePath + "/internal/e2e"
)
