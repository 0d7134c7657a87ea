package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/process"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// alone makes mounts private to the namespace.
const alone = "mount --make-rprivate / || exit 99; "

// surroundings holds environments in which /proc is unusable.
var surroundings = map[string]struct {
	namespaces uintptr
	enter      string // the first commands of the shell
	why        string
}{
	"absent":  {unix.CLONE_NEWNS, alone + "mount -t tmpfs none /proc || exit 99; ", "readlink /proc/self: no such file or directory"},
	"foreign": {unix.CLONE_NEWPID, "", "it shows the processes of another PID namespace"},
}

// script runs a shell script in its own namespaces, and returns its output and exit code.
func script(t *testing.T, dir string, namespaces uintptr, text string) (out, errs string, code int) {
	t.Helper()
	testkit.NeedsOf(t, text)
	r := prepare(t, "sh", "-c", text)
	r.cmd.Dir = dir
	r.cmd.Env = append(r.cmd.Env, "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir)
	attr := &syscall.SysProcAttr{Cloneflags: namespaces}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	r.cmd.SysProcAttr = attr
	var stdout, stderr bytes.Buffer
	r.cmd.Stdout, r.cmd.Stderr = &stdout, &stderr
	if err := r.cmd.Start(); err != nil {
		t.Skipf("namespaces cannot be made here: %v", err)
	}
	late := time.AfterFunc(waitLimit, func() {
		for _, pid := range r.processes() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	r.cmd.Wait()
	if !late.Stop() {
		t.Fatalf("it does not end; it has printed %q, %q", stdout.Bytes(), stderr.Bytes())
	}
	if code = r.cmd.ProcessState.ExitCode(); code == 99 {
		t.Skipf("/proc cannot be covered here: %s", stderr.Bytes())
	}
	t.Cleanup(func() {
		for _, pid := range r.processes() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return stdout.String(), stderr.String(), code
}

// TestWithoutProc: without /proc, jobs run, and fanout warns once of what is weaker.
func TestWithoutProc(t *testing.T) {
	testkit.Slow(t)
	const warning = "fanout: warning: /proc cannot be used (%s): kill -9 of fanout leaves its jobs running, " +
		"where fanout cleanup does not find them, and a process that leaves its job's group survives timeouts and stops\n"
	for name, s := range surroundings {
		t.Run(name, func(t *testing.T) {
			warned := fmt.Sprintf(warning, s.why)
			for _, tt := range []struct{ script, out, errs string }{
				{"fanout -k 'echo {} | cat' ::: a b", "a\nb\n0\n", warned},
				{"fanout -q -k 'echo {} | cat' ::: a b", "a\nb\n0\n", ""},
				{"fanout echo ::: a b", "a\nb\n0\n", ""}, // no process, so nothing is weaker
				{"fanout -k -j2 -m process 'echo {} | cat' ::: a b", "a\nb\n0\n", warned},
				{"fanout -q -t 0.3 --grace 0.1 'sleep 1000; : {}' ::: a b", "123\n", ""},
				{"fanout --memory-limit 100M 'echo {} | cat' ::: a", "1\n", "fanout: --memory-limit: the memory of jobs cannot be measured: /proc cannot be used: " + s.why + "\n"},
				{"fanout -m process --memory-limit 100M 'echo {} | cat' ::: a", "1\n", "fanout: --memory-limit: the memory of jobs cannot be measured: /proc cannot be used: " + s.why + "\n"},
			} {
				out, errs, _ := script(t, t.TempDir(), s.namespaces, s.enter+tt.script+"; echo $?")
				if out != tt.out || errs != tt.errs {
					t.Errorf("%s: printed\n%s%s\nwant\n%s%s", tt.script, out, errs, tt.out, tt.errs)
				}
			}
		})
	}
}

// killedRun starts a run, kills it, and leaves its job running.
const killedRun = `fanout --no-guardian -q ': > {}; exec sleep 1000' ::: ready & until [ -e ready ]; do sleep 0.02; done; kill -9 $!; wait $! 2>/dev/null; `

// TestCleanupWithoutProc: without /proc, cleanup keeps the entries of dead runs. With /proc it cleans them up.
func TestCleanupWithoutProc(t *testing.T) {
	for name, s := range surroundings {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			out, errs, _ := script(t, dir, s.namespaces, s.enter+killedRun+"fanout cleanup; echo $?; fanout cleanup --dry-run; echo $?")
			want := "entry kept: its leftovers cannot be found: /proc cannot be used: " + s.why
			if n := strings.Count(out, want); n != 2 || strings.Count(out, "\n1\n") != 2 {
				t.Errorf("printed\n%s%s\nwant twice %q, and 1", out, errs, want)
			}
			if s.namespaces&unix.CLONE_NEWPID != 0 {
				return // all processes of the namespace have ended with its first
			}
			out, errs, _ = script(t, dir, unix.CLONE_NEWNS, "fanout cleanup; echo $?")
			if !strings.Contains(out, "killed: TERM") || !strings.Contains(out, "entry removed") || !strings.HasSuffix(out, "\n0\n") {
				t.Errorf("with /proc, cleanup printed\n%s%s", out, errs)
			}
		})
	}
}

// TestCleanupOfOtherNamespace: leftovers of a run in another PID namespace are invisible, so cleanup keeps its entry.
func TestCleanupOfOtherNamespace(t *testing.T) {
	dir := t.TempDir()
	const both = unix.CLONE_NEWPID | unix.CLONE_NEWNS
	const enter = alone + "mount -t proc proc /proc || exit 99; "
	script(t, dir, both, enter+killedRun)
	out, errs, _ := script(t, dir, both, enter+"fanout cleanup; echo $?")
	if !strings.Contains(out, "entry kept: the run was in another PID namespace") || !strings.HasSuffix(out, "\n1\n") {
		t.Errorf("cleanup printed\n%s%s", out, errs)
	}
}

// TestWeakerIsDocumented: the program and its manual describe in the same words what is weaker without a capability.
func TestWeakerIsDocumented(t *testing.T) {
	text, err := os.ReadFile("docs/processes.md")
	if err != nil {
		t.Fatal(err)
	}
	for of := range process.Capabilities {
		lacking, weaker, found := strings.Cut(process.Lack{Of: of, Err: errors.New("why")}.Error(), " (why): ")
		if row := "| " + lacking + " | " + weaker + " |\n"; !found || !strings.Contains(string(text), row) {
			t.Errorf("docs/processes.md has no row %q", row)
		}
	}
}

// TestWithoutSubreapers: if the system refuses subreapers, fanout finds processes that leave their job's group by their
// job IDs.
func TestWithoutSubreapers(t *testing.T) {
	r := refusal{number: unix.SYS_PRCTL, test: equal, value: unix.PR_SET_CHILD_SUBREAPER}
	testkit.Needs(t, "setsid")
	const job = ": {}; (setsid sleep 1000 &); : > run/{}; exec sleep 1000"
	program, err := exec.LookPath("fanout")
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string][]string{"threads": nil, "processes": {"-m", "process"}} {
		args := append([]string{"sh", "-c", `mkdir run && exec "$@"`, "sh", "refuse"}, r.args(unix.EPERM)...)
		args = append(append(args, program, "-j2", "--grace", "200ms"), mode...)
		t.Run(name+"/timeout", func(t *testing.T) {
			p := start(t, append(args, "-t", "1s", job, ":::", "a", "b")...)
			p.ends(123)
			if n := strings.Count(string(p.said()), "the system refuses subreapers"); n != 1 {
				t.Errorf("%d warnings: %s", n, p.said())
			}
		})
		t.Run(name+"/TERM", func(t *testing.T) {
			p := start(t, append(args, "-q", job, ":::", "a", "b")...)
			p.files("run", 2)
			p.signal(unix.SIGTERM)
			p.ends(128 + int(unix.SIGTERM))
		})
	}
}

// TestWithoutWarden: when there can be no warden, the guardian is the runner's parent and ends what a killed runner leaves.
// A line says what is weaker.
func TestWithoutWarden(t *testing.T) {
	program, err := exec.LookPath("fanout")
	if err != nil {
		t.Fatal(err)
	}
	const warning = "fanout: warning: there is no warden (wait4: operation not permitted): " +
		"kill -9 of fanout's whole process group leaves its jobs running, until fanout cleanup ends them\n"
	refused := append([]string{"sh", "-c", `mkdir run && exec "$@"`, "sh", "refuse"}, (refusal{number: unix.SYS_WAIT4}).args(unix.EPERM)...)
	r := start(t, append(refused, program, ": > run/{}; sleep 1000", ":::", "a")...)
	r.files("run", 1)
	visible := r.cmd.Process.Pid
	if w := warden(visible); w != 0 {
		t.Errorf("process %d is a warden", w)
	}
	r.send(r.runner(visible), unix.SIGKILL)
	r.ends(137)
	if said := string(r.said()); said != warning {
		t.Errorf("it said %q", said)
	}
	for _, flag := range []string{"-q", "--no-guardian"} {
		r := start(t, append(refused, program, flag, "/bin/echo", ":::", "a")...)
		r.ends(0)
		if said := string(r.said()); said != "" {
			t.Errorf("%s: it said %q", flag, said)
		}
	}
}
