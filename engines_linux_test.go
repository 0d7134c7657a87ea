//go:build linux

package main_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// engineUp starts what an engine needs, or skips the test: engines are only tested where the
// variable names them, as make test-engines does, since they need much to be installed.
func engineUp(t *testing.T, name string, env ...string) (dir string) {
	t.Helper()
	if !slices.Contains(strings.Fields(os.Getenv("FANOUT_TEST_ENGINES")), name) {
		t.Skipf("FANOUT_TEST_ENGINES does not name %s: make test-engines runs this", name)
	}
	dir = filepath.Join(t.TempDir(), name)
	up := exec.Command("scripts/engines/"+name+"-up", dir)
	up.Env = append(os.Environ(), env...)
	out, err := up.CombinedOutput()
	t.Cleanup(func() {
		if out, err := exec.Command("scripts/engines/"+name+"-down", dir).CombinedOutput(); err != nil {
			t.Errorf("%s-down: %v\n%s", name, err, out)
		}
	})
	const cannot = 3 // the script's exit code where something is not installed
	if up.ProcessState.ExitCode() == cannot {
		t.Skipf("%s cannot be had here: %s", name, out)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", up, err, out)
	}
	return dir
}

// sshVariables have fanout run jobs on two hosts, both of which are this machine.
func sshVariables(dir string) map[string]string {
	return map[string]string{
		"FANOUT_BACKEND":     "ssh",
		"FANOUT_HOSTS":       "n1",
		"FANOUT_WORKERS":     "4", // on each host, as -j is
		"FANOUT_SSH_COMMAND": "ssh -F " + filepath.Join(dir, "config"),
	}
}

// slurmVariables have fanout run jobs on two nodes, both of which are this machine, in an
// allocation.
func slurmVariables(t *testing.T) map[string]string {
	t.Helper()
	env, err := exec.Command("salloc", "--quiet", "--nodes=2", "--exclusive", "env").Output()
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"FANOUT_BACKEND": "slurm", "FANOUT_WORKERS": "4"}
	held := exec.Command("salloc", "--quiet", "--no-shell", "--nodes=2", "--exclusive", "--job-name=held")
	if out, err := held.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("scancel", "--name=held").Run() })
	id, err := exec.Command("squeue", "--noheader", "--name=held", "--format=%A").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(env), "\n") {
		if name, value, _ := strings.Cut(line, "="); strings.HasPrefix(name, "SLURM_") {
			variables[name] = value
		}
	}
	variables["SLURM_JOB_ID"] = strings.TrimSpace(string(id))
	return variables
}

// slurmUp starts a Slurm in which none of many runs has to wait.
func slurmUp(t *testing.T) (dir string) {
	dir = engineUp(t, "slurm", "SLURM_UP_CPUS=64")
	t.Setenv("SLURM_CONF", filepath.Join(dir, "slurm.conf"))
	return dir
}

// rayUp starts a Ray cluster, and returns what has fanout run jobs there. Its workers ask for
// no CPUs, so that none of many runs has to wait.
func rayUp(t *testing.T) (variables map[string]string) {
	t.Helper()
	dir := engineUp(t, "ray")
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	variables = map[string]string{"FANOUT_BACKEND": "ray", "FANOUT_WORKERS": "4", "FANOUT_RAY_NUM_CPUS": "0"}
	for _, pair := range strings.Fields(strings.TrimPrefix(string(text), "export ")) {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
		t.Setenv(name, value)
	}
	return variables
}

// TestScriptRay runs the scripts with jobs on a Ray cluster.
func TestScriptRay(t *testing.T) { runScripts(t, rayUp(t)) }

// TestConformanceRay is what holds on each engine.
func TestConformanceRay(t *testing.T) {
	variables := rayUp(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	variables["PLACE"] = host
	runScriptsOf(t, "testdata/engines", variables)
}

// TestKillMatrixRay is TestKillMatrixSSH for a Ray cluster.
func TestKillMatrixRay(t *testing.T) {
	rayUp(t)
	killMatrix(t, "ray", "--backend", "ray", "--ray-num-cpus", "0")
}

// TestScriptSSH runs the scripts with jobs on hosts that ssh reaches.
func TestScriptSSH(t *testing.T) { runScripts(t, sshVariables(engineUp(t, "ssh"))) }

// TestScriptSlurm runs the scripts with jobs on the nodes of a Slurm.
func TestScriptSlurm(t *testing.T) {
	slurmUp(t)
	runScripts(t, slurmVariables(t))
}

// TestConformanceSSH is what holds on each engine.
func TestConformanceSSH(t *testing.T) {
	variables := sshVariables(engineUp(t, "ssh"))
	variables["PLACE"] = "n1"
	runScriptsOf(t, "testdata/engines", variables)
}

// TestConformanceSlurm is what holds on each engine.
func TestConformanceSlurm(t *testing.T) {
	dir := slurmUp(t)
	t.Run("allocation", func(t *testing.T) {
		variables := slurmVariables(t)
		variables["PLACE"] = "n[12]"
		runScriptsOf(t, "testdata/engines", variables)
	})
	t.Run("own", func(t *testing.T) {
		runScriptsOf(t, "testdata/engines", map[string]string{
			"FANOUT_BACKEND": "slurm", "FANOUT_WORKERS": "2", "FANOUT_THREADS": "2",
			"SLURM_CONF": filepath.Join(dir, "slurm.conf"), "PLACE": "n[12]",
		})
	})
}

// TestKillMatrixSSH has jobs at the far end be as gone as here, however the run ends.
func TestKillMatrixSSH(t *testing.T) {
	dir := engineUp(t, "ssh")
	killMatrix(t, "ssh", "--backend", "ssh", "--ssh-command", "ssh -F "+filepath.Join(dir, "config"), "--hosts", "n1:3")
}

// TestKillMatrixSlurm is TestKillMatrixSSH for nodes of a Slurm.
func TestKillMatrixSlurm(t *testing.T) {
	slurmUp(t)
	killMatrix(t, "slurm", "--backend", "slurm") // three workers, as it says -j3
	for tries := 0; ; tries++ {
		left, err := exec.Command("squeue", "--noheader").CombinedOutput()
		if err == nil && len(left) == 0 {
			return
		}
		if tries > 900 { // a worker whose srun is killed learns it by the silence
			t.Fatalf("Slurm still has jobs of runs that are over: %v\n%s", err, left)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// farRun is a run over ssh whose jobs are scripts of the test.
func farRun(t *testing.T, config string, flags ...string) *running {
	t.Helper()
	return prepare(t, append([]string{"fanout", "--backend", "ssh", "--ssh-command", "ssh -F " + config, "--grace", killGrace.String()}, flags...)...)
}

// lines waits until a file of the run has so many lines, and returns them.
func (r *running) lines(name string, n int) (all []string) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d lines in %s", n, name), func() bool {
		text, _ := os.ReadFile(filepath.Join(r.dir, name))
		all = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		return strings.Count(string(text), "\n") >= n
	})
	return all
}

func (r *running) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// TestHostsComeAndGo has a host that is written into the file get work, and one that is taken
// out end what it runs and get no more.
func TestHostsComeAndGo(t *testing.T) {
	dir := engineUp(t, "ssh")
	r := farRun(t, filepath.Join(dir, "config"), "--hosts-file", "hosts", "-k",
		`echo {} {host} >> log; until test -e go-{}; do sleep 0.05; done; echo {}`, ":::", "1", "2", "3", "4")
	r.write("hosts", "n1:1\n")
	r.begin()
	if got := r.lines("log", 1); got[0] != "1 n1" {
		t.Fatalf("%q", got)
	}
	r.write("hosts", "n1:1\nn2:1\n")
	if got := r.lines("log", 2); got[1] != "2 n2" {
		t.Fatalf("%q", got)
	}
	r.write("hosts", "n2:1 # n1 is ours no more\n")
	time.Sleep(3 * time.Second) // the file is looked at each second
	r.write("go-1", "")
	time.Sleep(time.Second)
	if got := r.lines("log", 2); len(got) != 2 {
		t.Errorf("a host that is not there any more got a job: %q", got)
	}
	r.write("go-2", "")
	if got := r.lines("log", 3); got[2] != "3 n2" {
		t.Errorf("%q", got)
	}
	r.write("hosts", "n2:x\n") // which is refused, and changes nothing
	r.eventually("a word about the file", func() bool { return strings.Contains(string(r.said()), "the hosts stay what they were") })
	r.write("go-3", "")
	r.write("go-4", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if string(out) != "1\n2\n3\n4\n" {
		t.Errorf("%q; stderr:\n%s", out, r.said())
	}
}

// TestDeadHosts has a host that does not answer be left out, and the others do its work.
func TestDeadHosts(t *testing.T) {
	config := filepath.Join(engineUp(t, "ssh"), "config")
	r := farRun(t, config, "--hosts", "dead:2,n1:2", `until test -e go; do sleep 0.05; done; echo {}`, ":::", "1", "2", "3", "4")
	r.begin()
	r.eventually("a word about the host", func() bool { return strings.Contains(string(r.said()), "dead is left out from now on") })
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if len(strings.Fields(string(out))) != 4 {
		t.Errorf("%q", out)
	}
	r = farRun(t, config, "--hosts", "dead:2", "echo {}", ":::", "1")
	r.begin()
	r.ends(1)
	if said := string(r.said()); !strings.Contains(said, "5 workers have died in a row") || !strings.Contains(said, "dead: ") {
		t.Errorf("it says %q", said)
	}
}

// TestFarWorkerKilled ends a worker at the far end in mid-run, with its guardian: the jobs that
// it ran are lost, nothing of them is left, and the others are run, once.
func TestFarWorkerKilled(t *testing.T) {
	dir := engineUp(t, "ssh")
	program := hostile(t)
	tr := newTrial(t, program)
	tr.flags = []string{"--backend", "ssh", "--ssh-command", "ssh -F " + filepath.Join(dir, "config"), "--hosts", "n1:2", "--at-most-once", "-r3"}
	tr.member("first", "daemon", false)
	tr.member("second", "background", false)
	for i := range 20 {
		tr.job(fmt.Sprintf("later-%d", i), "echo $0 >> ran\n")
	}
	tr.cmd.Args = append(append(tr.cmd.Args, tr.flags...), "sh", "{}", ":::")
	tr.cmd.Args = append(tr.cmd.Args, tr.jobs...)
	tr.begin()
	tr.crowd.await("ready", tr.ready)
	killed := 0
	for _, pid := range processes() {
		if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(line), "fanout\x00worker\x00--far\x00") && farOf(pid, tr) {
			syscall.Kill(pid, syscall.SIGSTOP) // so that neither sees the other's end
			killed++
			defer syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if killed != 2 {
		t.Fatalf("%d processes are the worker and its guardian", killed)
	}
	for _, pid := range processes() {
		if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(line), "fanout\x00worker\x00--far\x00") && farOf(pid, tr) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	tr.exits(125)
	tr.eventually("the end of the jobs of the worker", func() bool { return tr.crowd.gone(time.Now()) })
	if ran := tr.lines("ran", 20); len(ran) != 20 {
		t.Errorf("%d of 20 jobs ran: %q", len(ran), ran)
	}
	if said := string(tr.said()); !strings.Contains(said, "(2 lost)") {
		t.Errorf("it says %q", said)
	}
}

// farOf says that a worker is of the trial's run: it runs in no directory of its own, but its
// jobs do.
func farOf(pid int, tr *trial) bool {
	env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	entries, _ := filepath.Glob(filepath.Join(tr.notes, "*", "*.json"))
	for _, entry := range entries {
		mark := strings.TrimSuffix(filepath.Base(entry), ".json")
		if strings.Contains(string(env), "FANOUT_MARK="+mark+".w") {
			return true
		}
	}
	return false
}

// TestNetworkCut takes the network from one of two hosts, each of which is a network namespace:
// its jobs end there by themselves, and are lost here.
func TestNetworkCut(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("network namespaces are root's")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skipf("there is no ip: %v", err)
	}
	var config strings.Builder
	var links []string
	for n := range 2 {
		address, link := namespace(t, n)
		dir := engineUp(t, "ssh", "SSH_UP_NETNS="+link, "SSH_UP_ADDRESS="+address, "SSH_UP_PORT=2222")
		fmt.Fprintf(&config, "Match host n%d\n\tInclude %s/config\n", n+1, dir)
		links = append(links, link)
	}
	name := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(name, []byte(config.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	r := farRun(t, name, "--hosts", "n1:1,n2:1", "--heartbeat", "200ms", "--json",
		`echo {host} $$ >> log; until test -e go; do sleep 0.05; done; : {}`, ":::", "1", "2", "3", "4")
	r.begin()
	var pid int
	for _, line := range r.lines("log", 2) {
		fmt.Sscanf(line, "n1 %d", &pid)
	}
	if pid == 0 || ended(pid) {
		t.Fatalf("no job runs on n1: %q", r.lines("log", 2))
	}
	if out, err := exec.Command("ip", "link", "set", links[0], "down").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.eventually("the end of the job that nobody hears of any more", func() bool { return ended(pid) })
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(125)
	if strings.Count(string(out), `"outcome":"lost"`) != 1 || strings.Count(string(out), `"ok":true`) != 3 {
		t.Errorf("%s; stderr:\n%s", out, r.said())
	}
}

// namespace makes a network namespace that is reached at an address, by a link.
func namespace(t *testing.T, n int) (address, link string) {
	t.Helper()
	link = fmt.Sprintf("fanout-t%d", n)
	near, far := fmt.Sprintf("10.213.%d.1/30", n), fmt.Sprintf("10.213.%d.2", n)
	for _, words := range [][]string{
		{"netns", "add", link},
		{"link", "add", link, "type", "veth", "peer", "name", link + "i"},
		{"link", "set", link + "i", "netns", link},
		{"addr", "add", near, "dev", link},
		{"link", "set", link, "up"},
		{"-n", link, "addr", "add", far + "/30", "dev", link + "i"},
		{"-n", link, "link", "set", link + "i", "up"},
	} {
		if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
			t.Skipf("ip %s: %v: %s", strings.Join(words, " "), err, out)
		}
		if words[0] == "netns" {
			t.Cleanup(func() {
				exec.Command("ip", "link", "del", link).Run()
				exec.Command("ip", "netns", "del", link).Run()
			})
		}
	}
	return far, link
}

// TestOtherVersion has something at the far end that speaks another version of the protocol.
func TestOtherVersion(t *testing.T) {
	engineUp(t, "ssh")
	r := prepare(t, "fanout", "--backend", "ssh", "--ssh-command", "./other", "--hosts", "n1:1", "touch ran; : {}", ":::", "1")
	r.write("other", "#!/bin/sh\nfor word; do :; done\necho \"$(echo \"$word\" | grep -o 'fanout-[0-9a-f]\\{16\\}' | head -n 1) run\"\necho fanout worker protocol 9\ncat > /dev/null\n")
	if err := os.Chmod(filepath.Join(r.dir, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.begin()
	r.ends(1)
	if said := string(r.said()); !strings.Contains(said, "n1: the other side speaks version 9 of the worker protocol") {
		t.Errorf("it says %q", said)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "ran")); err == nil {
		t.Error("a job ran")
	}
}

// TestExamplesSSH runs the examples of docs/engines.md, with an ssh that knows the hosts.
func TestExamplesSSH(t *testing.T) {
	dir := engineUp(t, "ssh")
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\nexec %s -F %s/config \"$@\"\n", client, dir)
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	examples := readExamples(t, "docs/engines.md", "console ssh")
	for _, ex := range examples {
		ex.check(t)
	}
	if len(examples) == 0 {
		t.Error("there are no examples")
	}
}

// TestNodesKilledSlurm ends the daemons of all nodes in mid-run, which the jobs and their order
// do not notice, and what a run that is over has left is nothing.
func TestNodesKilledSlurm(t *testing.T) {
	dir := slurmUp(t)
	r := prepare(t, "fanout", "--backend", "slurm", "-j2", "-k", `echo {} >> log; until test -e go; do sleep 0.05; done; echo {}`, ":::", "1", "2", "3", "4")
	r.begin()
	r.lines("log", 2)
	for _, node := range []string{"n1", "n2"} {
		text, err := os.ReadFile(filepath.Join(dir, node+".pid"))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if string(out) != "1\n2\n3\n4\n" {
		t.Errorf("%q; stderr:\n%s", out, r.said())
	}
}

// TestRefusedSlurm has what Slurm will never give be an error, said once, before anything runs.
func TestRefusedSlurm(t *testing.T) {
	slurmUp(t)
	r := prepare(t, "fanout", "--backend", "slurm", "-j2", "--slurm-args", "-p nosuch", "touch ran; : {}", ":::", "1", "2")
	r.begin()
	r.ends(1)
	if said := string(r.said()); strings.Count(said, "Invalid partition name") != 1 {
		t.Errorf("it says %q", said)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "ran")); err == nil {
		t.Error("a job ran")
	}
}
