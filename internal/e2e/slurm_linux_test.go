//go:build linux

package e2e_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slurmVariables returns the variables with which fanout runs jobs on two nodes of an allocation. Both are this
// machine.
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

// slurmUp starts a Slurm with enough CPUs, so none of many runs has to wait.
func slurmUp(t *testing.T) (dir string) {
	dir = backendUp(t, "slurm", "SLURM_UP_CPUS=64")
	t.Setenv("SLURM_CONF", filepath.Join(dir, "slurm.conf"))
	return dir
}

// TestScriptSlurm runs the scripts with jobs on Slurm nodes.
func TestScriptSlurm(t *testing.T) {
	slurmUp(t)
	runScripts(t, slurmVariables(t))
}

// TestConformanceSlurm runs the conformance scripts, in an allocation and with workers that have their own.
func TestConformanceSlurm(t *testing.T) {
	dir := slurmUp(t)
	t.Run("allocation", func(t *testing.T) {
		variables := slurmVariables(t)
		variables["MACHINE"] = "n[12]"
		runScriptsOf(t, "testdata/backends", variables)
	})
	t.Run("own", func(t *testing.T) {
		runScriptsOf(t, "testdata/backends", map[string]string{
			"FANOUT_BACKEND": "slurm", "FANOUT_WORKERS": "2", "FANOUT_THREADS": "2",
			"SLURM_CONF": filepath.Join(dir, "slurm.conf"), "MACHINE": "n[12]",
		})
	})
}

// TestKillMatrixSlurm is TestKillMatrixSSH for Slurm nodes.
func TestKillMatrixSlurm(t *testing.T) {
	slurmUp(t)
	killMatrix(t, "slurm", "--backend", "slurm") // three workers, because of -j3
	for attempts := 0; ; attempts++ {
		left, err := exec.Command("squeue", "--noheader").CombinedOutput()
		if err == nil && len(left) == 0 {
			return
		}
		if attempts > 900 { // a worker whose srun is killed notices only the silence
			t.Fatalf("Slurm still has jobs of runs that have ended: %v\n%s", err, left)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestNodesKilledSlurm kills the daemons of all nodes in mid-run. The jobs and their order do not change.
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

// TestRefusedSlurm: a request that Slurm can never grant is an error, reported once, before anything runs.
func TestRefusedSlurm(t *testing.T) {
	slurmUp(t)
	r := prepare(t, "fanout", "--backend", "slurm", "-j2", "--slurm-args", "-p nosuch", "touch ran; : {}", ":::", "1", "2")
	r.begin()
	r.ends(1)
	if said := string(r.said()); strings.Count(said, "nvalid partition") != 1 {
		t.Errorf("it says %q", said)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "ran")); err == nil {
		t.Error("a job ran")
	}
}

// TestWorkerKilledSlurm is workerKilled for a worker with its own allocation.
func TestWorkerKilledSlurm(t *testing.T) {
	slurmUp(t)
	workerKilled(t, "--backend", "slurm", "-j1", "--threads", "2")
}

// TestCutShortSlurm is cutShortRemote for workers with their own allocations.
func TestCutShortSlurm(t *testing.T) {
	slurmUp(t)
	cutShortRemote(t, "--backend", "slurm", "-j2", "--threads", "2")
}

// TestBatchJobCancelledSlurm: Slurm cancels the batch job in which fanout runs. No job that runs then is recorded as a
// success.
func TestBatchJobCancelledSlurm(t *testing.T) {
	slurmUp(t)
	for _, mode := range []string{"thread", "process"} {
		for _, name := range []string{"native", "shell"} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				r := &running{t: t, dir: t.TempDir()}
				if err := os.Mkdir(filepath.Join(r.dir, "run"), 0o700); err != nil {
					t.Fatal(err)
				}
				r.write("batch", "#!/bin/sh\nfanout -q -j4 --journal journal --mode "+mode+` "$1" ::: 1 2 3 4 5 6 7 8; touch over`+"\n")
				submit := exec.Command("sbatch", "--parsable", "--nodes=1", "--output=output", "batch", cutShort[name][0])
				submit.Dir = r.dir
				id, err := submit.Output()
				if err != nil {
					t.Fatal(err)
				}
				number := strings.TrimSpace(string(id))
				t.Cleanup(func() { exec.Command("scancel", number).Run() })
				r.files("run", 4)
				if out, err := exec.Command("scancel", number).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				r.eventually("the end of the job", func() bool {
					left, err := exec.Command("squeue", "--noheader", "--jobs="+number).Output()
					return err == nil && len(left) == 0 || err != nil
				})
				if done := r.successes(); len(done) > 0 {
					t.Errorf("%v were cut short and are recorded as successes", done)
				}
			})
		}
	}
}

// TestOtherVersionSlurm is otherVersion for nodes, which get the PATH of the test.
func TestOtherVersionSlurm(t *testing.T) {
	slurmUp(t)
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	otherVersion(t, bin, "--backend", "slurm", "-j1")
}
