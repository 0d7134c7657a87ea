//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// sshVariables returns the variables with which fanout runs jobs over ssh, on this machine.
func sshVariables(dir string) map[string]string {
	return map[string]string{
		"FANOUT_BACKEND":     "ssh",
		"FANOUT_HOSTS":       "n1",
		"FANOUT_WORKERS":     "4", // per host, like -j
		"FANOUT_SSH_COMMAND": "ssh -F " + filepath.Join(dir, "config"),
	}
}

// TestScriptSSH runs the scripts with jobs on hosts that ssh reaches.
func TestScriptSSH(t *testing.T) { runScripts(t, sshVariables(backendUp(t, "ssh"))) }

// TestConformanceSSH runs the conformance scripts over ssh.
func TestConformanceSSH(t *testing.T) {
	variables := sshVariables(backendUp(t, "ssh"))
	variables["MACHINE"] = "n1"
	runScriptsOf(t, "testdata/backends", variables)
}

// TestCutShortSSH is cutShortRemote for two hosts.
func TestCutShortSSH(t *testing.T) {
	dir := backendUp(t, "ssh")
	cutShortRemote(t, "--backend", "ssh", "--ssh-command", "ssh -F "+filepath.Join(dir, "config"), "--hosts", "n1:2,n2:2")
}

// TestKillMatrixSSH: however the run ends, remote jobs end as local ones do.
func TestKillMatrixSSH(t *testing.T) {
	dir := backendUp(t, "ssh")
	killMatrix(t, "ssh", "--backend", "ssh", "--ssh-command", "ssh -F "+filepath.Join(dir, "config"), "--hosts", "n1:3")
}

// sshRun prepares a run over ssh.
func sshRun(t *testing.T, config string, flags ...string) *running {
	t.Helper()
	return prepare(t, append([]string{"fanout", "--backend", "ssh", "--ssh-command", "ssh -F " + config, "--grace", killGrace.String()}, flags...)...)
}

// TestHostsComeAndGo: a host that is added to the file gets jobs. A host that is removed finishes its jobs and gets no
// more.
func TestHostsComeAndGo(t *testing.T) {
	dir := backendUp(t, "ssh")
	r := sshRun(t, filepath.Join(dir, "config"), "--hosts-file", "hosts", "-k",
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
	time.Sleep(3 * time.Second) // fanout reads the file each second
	r.write("go-1", "")
	time.Sleep(time.Second)
	if got := r.lines("log", 2); len(got) != 2 {
		t.Errorf("a removed host got a job: %q", got)
	}
	r.write("go-2", "")
	if got := r.lines("log", 3); got[2] != "3 n2" {
		t.Errorf("%q", got)
	}
	r.write("hosts", "n2:x\n") // this is refused, and changes nothing
	r.eventually("a message about the file", func() bool { return strings.Contains(string(r.said()), "the hosts stay as they are") })
	r.write("go-3", "")
	r.write("go-4", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if string(out) != "1\n2\n3\n4\n" {
		t.Errorf("%q; stderr:\n%s", out, r.said())
	}
}

// TestDeadHosts: fanout drops a host that does not answer, and the others do its work.
func TestDeadHosts(t *testing.T) {
	config := filepath.Join(backendUp(t, "ssh"), "config")
	r := sshRun(t, config, "--hosts", "dead:2,n1:2", `until test -e go; do sleep 0.05; done; echo {}`, ":::", "1", "2", "3", "4")
	r.begin()
	r.eventually("a message about the host", func() bool { return strings.Contains(string(r.said()), "dead is left out from now on") })
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(0)
	if len(strings.Fields(string(out))) != 4 {
		t.Errorf("%q", out)
	}
	r = sshRun(t, config, "--hosts", "dead:2", "echo {}", ":::", "1")
	r.begin()
	r.ends(1)
	if said := string(r.said()); !strings.Contains(said, "5 workers have died in a row") || !strings.Contains(said, "dead: ") {
		t.Errorf("it says %q", said)
	}
}

// TestWorkerKilledSSH is workerKilled for hosts.
func TestWorkerKilledSSH(t *testing.T) {
	dir := backendUp(t, "ssh")
	workerKilled(t, "--backend", "ssh", "--ssh-command", "ssh -F "+filepath.Join(dir, "config"), "--hosts", "n1:2")
}

// TestWorkerStoppedSSH: fanout gives up a remote worker that is stopped. The jobs of the worker end on its host.
func TestWorkerStoppedSSH(t *testing.T) {
	dir := backendUp(t, "ssh")
	tr := newTrial(t, hostile(t))
	tr.flags = []string{"--backend", "ssh", "--ssh-command", "ssh -F " + filepath.Join(dir, "config"), "--hosts", "n1", "--heartbeat", "200ms"}
	tr.hostileJob("first", "daemon", false)
	tr.run(1)
	for _, pid := range remoteWorkers(tr.running) {
		if _, parent := stat(pid); executable(parent) == executable(pid) { // pid is a worker, not its guardian
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
	}
	tr.exits(125)
	tr.eventually("the end of the worker's job", func() bool { return tr.crowd.gone(time.Now()) })
	tr.eventually("the end of the worker", func() bool { return len(remoteWorkers(tr.running)) == 0 })
}

// TestNetworkCut cuts the network of one of two hosts, each of which is a network namespace. Its jobs end there by
// themselves, and are lost for the run.
func TestNetworkCut(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("network namespaces are root's")
	}
	testkit.Needs(t, "ip")
	needBackend(t, "ssh")
	var config strings.Builder
	var links []string
	for n := range 2 {
		address, link := namespace(t, n)
		dir := backendUp(t, "ssh", "SSH_UP_NETNS="+link, "SSH_UP_ADDRESS="+address, "SSH_UP_PORT=2222")
		fmt.Fprintf(&config, "Match host n%d\n\tInclude %s/config\n", n+1, dir)
		links = append(links, link)
	}
	name := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(name, []byte(config.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	r := sshRun(t, name, "--hosts", "n1:1,n2:1", "--heartbeat", "200ms", "--json",
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
	r.eventually("the end of the job that the runner cannot reach", func() bool { return ended(pid) })
	r.write("go", "")
	out, _ := io.ReadAll(r.stdout)
	r.ends(125)
	if strings.Count(string(out), `"outcome":"lost"`) != 1 || strings.Count(string(out), `"ok":true`) != 3 {
		t.Errorf("%s; stderr:\n%s", out, r.said())
	}
}

// namespace makes a network namespace with an address, and the link to it.
func namespace(t *testing.T, n int) (address, link string) {
	t.Helper()
	link = fmt.Sprintf("fanout-t%d", n)
	ours, theirs := fmt.Sprintf("10.213.%d.1/30", n), fmt.Sprintf("10.213.%d.2", n)
	for _, words := range [][]string{
		{"netns", "add", link},
		{"link", "add", link, "type", "veth", "peer", "name", link + "i"},
		{"link", "set", link + "i", "netns", link},
		{"addr", "add", ours, "dev", link},
		{"link", "set", link, "up"},
		{"-n", link, "addr", "add", theirs + "/30", "dev", link + "i"},
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
	return theirs, link
}

// TestOtherVersionSSH is otherVersion for hosts.
func TestOtherVersionSSH(t *testing.T) {
	bin := t.TempDir()
	dir := backendUp(t, "ssh", "SSH_UP_PATH="+bin+":"+os.Getenv("PATH"))
	otherVersion(t, bin, "--backend", "ssh", "--ssh-command", "ssh -F "+filepath.Join(dir, "config"), "--hosts", "n1:1")
}

// TestExamplesSSH runs the examples of docs/backends.md, with an ssh that knows the hosts.
func TestExamplesSSH(t *testing.T) {
	dir := backendUp(t, "ssh")
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
	examples := readExamples(t, "docs/backends.md", "console ssh")
	for _, ex := range examples {
		ex.check(t)
	}
	if len(examples) == 0 {
		t.Error("there are no examples")
	}
}
