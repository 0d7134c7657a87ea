//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"fanout/internal/testkit"
)

// cluster is a Ray cluster of two raylets on this machine, with a token that programs need. The environment tells
// fanout how to use it.
type cluster struct {
	dir       string
	bin       string // an empty directory in the PATH of its actors
	token     string
	variables map[string]string
}

func rayUp(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{bin: t.TempDir(), token: strings.Repeat("0123456789abcdef", 4), variables: map[string]string{}}
	c.set(t, "RAY_AUTH_MODE", "token")
	c.set(t, "RAY_AUTH_TOKEN", c.token)
	c.dir = backendUp(t, "ray", "PATH="+c.bin+":"+os.Getenv("PATH"))
	text, err := os.ReadFile(filepath.Join(c.dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range strings.Fields(strings.TrimPrefix(string(text), "export ")) {
		name, value, _ := strings.Cut(pair, "=")
		c.set(t, name, value)
	}
	return c
}

func (c *cluster) set(t *testing.T, name, value string) {
	c.variables[name] = value
	t.Setenv(name, value)
}

// TestRay runs all tests that share one Ray cluster, because it is slow to start.
func TestRay(t *testing.T) {
	c := rayUp(t)
	// Workers ask for no CPUs, so none of many runs has to wait.
	none := []string{"--backend", "ray", "--ray-num-cpus", "0"}
	t.Run("conformance", func(t *testing.T) { runScriptsOf(t, "testdata/backends", c.scripts(t)) })
	t.Run("kill matrix", func(t *testing.T) { killMatrix(t, "ray", append(none, "--threads", strconv.Itoa(killSlots))...) })
	t.Run("worker killed", func(t *testing.T) { workerKilled(t, append(none, "-j1", "--threads", "2")...) })
	t.Run("cut short", func(t *testing.T) { cutShortRemote(t, append(none, "-j2", "--threads", "2")...) })
	t.Run("other version", func(t *testing.T) { otherVersion(t, c.bin, append(none, "-j1")...) })
	t.Run("token", c.keepsToken)
	t.Run("refused", c.refuses)
	t.Run("full", c.full)
	t.Run("driver stopped", c.driverStopped)
	t.Run("node killed", c.nodeKilled)
}

// TestScriptRay runs the scripts with jobs on a Ray cluster: those about the duties of a worker, or with
// FANOUT_TEST_ALL=1 all of them. A run takes a second of CPU there, because it starts two Pythons that import Ray. All
// scripts take 11 minutes of two CPUs.
func TestScriptRay(t *testing.T) {
	variables := rayUp(t).scripts(t)
	if os.Getenv("FANOUT_TEST_ALL") != "" {
		runScripts(t, variables)
		return
	}
	var files []string
	for _, topic := range []string{
		"background", "deadline", "failures", "memory_limit", "output", "place",
		"reader_gone", "retries", "signals_of_jobs", "stop", "streaming", "timeout", "workers", "workers_die",
	} {
		files = append(files, filepath.Join("testdata/script", topic+".txtar"))
	}
	t.Logf("only the scripts about the duties of a worker run: FANOUT_TEST_ALL=1 runs all")
	runScriptFiles(t, files, variables)
}

// scripts returns the variables for scripts whose jobs run in the cluster.
func (c *cluster) scripts(t *testing.T) map[string]string {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"FANOUT_BACKEND": "ray", "FANOUT_WORKERS": "4", "FANOUT_RAY_NUM_CPUS": "0", "MACHINE": host}
	maps.Copy(variables, c.variables)
	return variables
}

// run prepares a run whose jobs are in the cluster.
func (c *cluster) run(t *testing.T, flags ...string) *running {
	t.Helper()
	return prepare(t, append([]string{"fanout", "--backend", "ray"}, flags...)...)
}

// keepsToken checks that fanout shows the cluster's token nowhere, not to jobs either.
func (c *cluster) keepsToken(t *testing.T) {
	r := c.run(t, "-j1", "--log-level", "debug", "--json", "--journal", "journal", "env; echo {} >&2; exit 1", ":::", "a")
	r.begin()
	out, _ := io.ReadAll(r.stdout)
	r.ends(123)
	journal, err := os.ReadFile(filepath.Join(r.dir, "journal"))
	if err != nil || len(out) == 0 {
		t.Fatalf("%v; stdout %q", err, out)
	}
	for name, text := range map[string]string{"stdout": string(out), "stderr": string(r.said()), "journal": string(journal)} {
		if strings.Contains(text, c.token) {
			t.Errorf("%s has the token:\n%s", name, text)
		}
	}
}

// refuses checks that a cluster that cannot be used is an error before anything runs, in one line.
func (c *cluster) refuses(t *testing.T) {
	other := t.TempDir() // a module that changes the version of Python's Ray
	if err := os.WriteFile(filepath.Join(other, "sitecustomize.py"), []byte("import ray\nray.__version__ = '2.0.0'\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(t.TempDir(), "python") // has no module ray
	if err := os.WriteFile(bare, []byte("#!/bin/sh\nexec "+c.variables["FANOUT_PYTHON"]+" -S \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		flags []string
		env   string
		says  string
	}{
		{"no cluster", []string{"--ray-address", "127.0.0.1:1"}, "", "no Ray at 127.0.0.1:1"},
		{"no module", []string{"--ray-python", bare}, "", "has no module ray"},
		{"no Python", []string{"--ray-python", "/no/such/python"}, "", "name a Python"},
		{"another version", nil, "PYTHONPATH=" + other, "Version mismatch"},
		{"no token", nil, "RAY_AUTH_TOKEN=", "no authentication token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := c.run(t, slices.Concat(tt.flags, []string{"-j2", "touch ran; : {}", ":::", "1", "2"})...)
			r.cmd.Env = append(r.cmd.Env, tt.env)
			r.begin()
			r.ends(1)
			if said := string(r.said()); !strings.Contains(said, tt.says) || strings.Count(said, "\n") != 1 {
				t.Errorf("it says %q", said)
			}
			if _, err := os.Stat(filepath.Join(r.dir, "ran")); err == nil {
				t.Error("a job ran")
			}
		})
	}
}

// full has more workers than the cluster has CPUs. The cluster runs as many as it can, and lists the others as demand.
func (c *cluster) full(t *testing.T) {
	const cpus, workers, items = 8, 10, 20
	r := c.run(t, "-j"+strconv.Itoa(workers), "-k", `echo {} >> log; until test -e go; do sleep 0.1; done; echo {}`, ":::")
	for n := range items {
		r.cmd.Args = append(r.cmd.Args, strconv.Itoa(n))
	}
	r.begin()
	r.lines("log", cpus)
	r.eventually("two actors that the cluster has no CPU for", func() bool { return c.demand(t) == workers-cpus })
	if got := r.lines("log", cpus); len(got) != cpus {
		t.Errorf("%d jobs run on %d CPUs", len(got), cpus)
	}
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if got := strings.Fields(string(out)); len(got) != items || !slices.IsSortedFunc(got, func(a, b string) int { x, _ := strconv.Atoi(a); y, _ := strconv.Atoi(b); return x - y }) {
		t.Errorf("%q", out)
	}
}

// driverStopped checks that a run ends although its Python does not answer any more.
func (c *cluster) driverStopped(t *testing.T) {
	r := c.run(t, "-j2", "--grace", killGrace.String(), "--heartbeat", "200ms", "echo $$ >> log; sleep 1000; : {}", ":::", "1", "2")
	r.begin()
	jobs := r.lines("log", 2)
	runner, driver := r.runner(r.cmd.Process.Pid), 0
	for _, pid := range testkit.Processes() {
		if _, parent := stat(pid); parent == runner && strings.HasPrefix(filepath.Base(executable(pid)), "python") {
			driver = pid
		}
	}
	if driver == 0 {
		t.Fatal("the runner has no Python")
	}
	if err := syscall.Kill(driver, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.signal(syscall.SIGTERM)
	r.exits(143)
	for _, job := range jobs {
		pid, _ := strconv.Atoi(job)
		r.eventually("the end of a job that the runner cannot reach", func() bool { return pid > 0 && ended(pid) })
	}
	if !ended(driver) {
		t.Error("the driver is left")
	}
}

// demand returns how many CPUs the cluster lacks, as its autoscaler sees it.
func (c *cluster) demand(t *testing.T) (n int) {
	t.Helper()
	status := exec.Command(filepath.Join(filepath.Dir(c.variables["FANOUT_PYTHON"]), "ray"), "status", "--address", c.variables["RAY_ADDRESS"])
	out, err := status.CombinedOutput()
	if err != nil {
		t.Fatalf("ray status: %v\n%s", err, out)
	}
	_, demands, _ := strings.Cut(string(out), "Demands:")
	for _, line := range strings.Split(demands, "\n") {
		if _, count, found := strings.Cut(line, "}: "); found {
			k := 0
			fmt.Sscanf(count, "%d", &k)
			n += k
		}
	}
	return n
}

// nodeKilled kills a raylet in mid-run. Its jobs are lost, leave no process, and are retried on the other node.
func (c *cluster) nodeKilled(t *testing.T) {
	const items = 4
	r := c.run(t, "-j4", "-r3", "-k", `echo $$ {} >> log; until test -e go; do sleep 0.1; done; echo {}`, ":::", "1", "2", "3", "4")
	r.begin()
	before := r.lines("log", items)
	raylet := c.raylet(t, "n2")
	var there []int // the jobs that run on the second node
	for _, line := range before {
		pid := 0
		fmt.Sscanf(line, "%d", &pid)
		if descends(pid, raylet) {
			there = append(there, pid)
		}
	}
	if len(there) == 0 || len(there) == items {
		t.Fatalf("%d of %d jobs run on the second node", len(there), items)
	}
	if err := syscall.Kill(raylet, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.eventually("the end of the jobs that ran there", func() bool { return !slices.ContainsFunc(there, func(pid int) bool { return !ended(pid) }) })
	r.lines("log", items+len(there))
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if string(out) != "1\n2\n3\n4\n" {
		t.Errorf("%q; stderr:\n%s", out, r.said())
	}
}

// raylet returns the process of a node.
func (c *cluster) raylet(t *testing.T, node string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, node+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	head, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range testkit.Processes() {
		if filepath.Base(executable(pid)) == "raylet" && descends(pid, head) {
			return pid
		}
	}
	t.Fatalf("%s has no raylet", node)
	return 0
}

// descends reports whether a process is a descendant of another, or the same.
func descends(pid, from int) bool {
	for pid > 1 && pid != from {
		_, pid = stat(pid)
	}
	return pid == from
}
