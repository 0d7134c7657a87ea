package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// limitedGroup makes a control group with a group in it, and returns the directory of the inner one. The outer one gets
// the limits: files of cgroup version 2 or, if the controller is of version 1, of version 1.
func limitedGroup(t *testing.T, controller string, version1, version2 map[string]string) (inner string) {
	t.Helper()
	top, limits := groupsOf(controller), version1
	if top == "" {
		top, limits = "/sys/fs/cgroup", version2
		with, err := os.ReadFile(top + "/cgroup.subtree_control")
		if err != nil || !slices.Contains(strings.Fields(string(with)), controller) {
			t.Skipf("no control groups with the controller %s: %s/cgroup.subtree_control is %q, %v", controller, top, with, err)
		}
	}
	outer, err := os.MkdirTemp(top, "fanout-test-")
	if err != nil {
		t.Skip("control groups cannot be made: ", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(outer); err != nil {
			t.Error(err)
		}
	})
	for file, text := range limits {
		if err := os.WriteFile(filepath.Join(outer, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inner = filepath.Join(outer, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(inner) })
	return inner
}

// groupsOf returns where the groups of a version 1 controller are mounted, or "".
func groupsOf(controller string) string {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		mount, kind, _ := strings.Cut(strings.TrimSpace(line), " - cgroup ")
		options := strings.Split(kind[strings.LastIndexByte(kind, ' ')+1:], ",")
		if slices.Contains(options, controller) {
			return strings.Fields(mount)[4]
		}
	}
	return ""
}

// printed reads standard output to its end.
func (r *running) printed() string {
	r.t.Helper()
	r.stdout.SetReadDeadline(time.Now().Add(waitLimit))
	out, err := io.ReadAll(r.stdout)
	if err != nil {
		r.t.Errorf("its output does not end: %v; stderr:\n%s", err, r.said())
	}
	return string(out)
}

// within returns the command that runs a command in a control group.
func within(group string, command ...string) []string {
	return slices.Concat([]string{"sh", "-c", `echo $$ > "$0"/cgroup.procs && exec "$@"`, group}, command)
}

// TestQuota: the number of jobs at a time follows the CPU quota of the control groups, also if only a group around
// fanout's own has one.
func TestQuota(t *testing.T) {
	half := func(t *testing.T) string {
		return limitedGroup(t, "cpu",
			map[string]string{"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "10000"},
			map[string]string{"cpu.max": "10000 20000"})
	}
	for name, tt := range map[string]struct {
		args  []string
		slots string
	}{
		"default": {nil, "1 2"},
		"200%":    {[]string{"-j200%"}, "1 2"},
		"+2":      {[]string{"-j+2"}, "1 2 3"},
		"process": {[]string{"-m", "process"}, "1"},
		"given":   {[]string{"-j4"}, "1 2 3 4"},
	} {
		t.Run(name, func(t *testing.T) {
			// Each job waits until as many jobs run as expected.
			job := `mkdir -p run; touch run/{%}; until [ $(ls run | wc -l) -ge $WANTED ]; do sleep 0.02; done; echo {%}`
			r := prepare(t, within(half(t), slices.Concat([]string{"fanout", "-q"}, tt.args, []string{job, ":::"}, strings.Fields("1 2 3 4 5 6 7 8"))...)...)
			wanted := strings.Fields(tt.slots)
			r.cmd.Env = append(r.cmd.Env, "WANTED="+wanted[len(wanted)-1])
			r.begin()
			got := strings.Fields(r.printed())
			r.ends(0)
			slices.Sort(got)
			if used := strings.Join(slices.Compact(got), " "); len(got) != 8 || used != tt.slots {
				t.Errorf("the slots of the jobs are %q, want %q", used, tt.slots)
			}
		})
	}
}

// pidsGroup returns a group whose outer group allows this many processes and threads, and the file with that limit.
func pidsGroup(t *testing.T, most int) (inner, file string) {
	t.Helper()
	limit := map[string]string{"pids.max": strconv.Itoa(most)}
	inner = limitedGroup(t, "pids", limit, limit)
	return inner, filepath.Join(filepath.Dir(inner), "pids.max")
}

// asUser runs the command as a user without other processes, with a limit on processes, in a directory of that user.
func (r *running) asUser(most int) {
	t := r.t
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can run a command as another user")
	}
	testkit.Needs(t, "setpriv", "prlimit")
	dir, err := os.MkdirTemp("", "fanout-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program, err := exec.LookPath(r.cmd.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	uid := 200_000 + rand.IntN(1<<30)
	copied := filepath.Join(dir, "fanout") // the test's program is in a directory of root
	if err := errors.Join(copyFile(program, copied), os.Chmod(copied, 0o755), os.Chown(dir, uid, uid)); err != nil {
		t.Fatal(err)
	}
	user := []string{"setpriv", "--reuid", strconv.Itoa(uid), "--regid", strconv.Itoa(uid), "--clear-groups", "prlimit", "--nproc=" + strconv.Itoa(most), copied}
	r.cmd.Args = append(user, r.cmd.Args[1:]...)
	if r.cmd.Path, err = exec.LookPath("setpriv"); err != nil {
		t.Fatal(err)
	}
	r.cmd.Dir = dir
	r.useRegistry(dir)
	r.cmd.Env = append(r.cmd.Env, "HOME="+dir)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755)
}

// TestProcessLimit: under any limit on processes and threads, each item has an outcome, or nothing runs and the error
// names the limit. fanout fails before the Go runtime crashes.
func TestProcessLimit(t *testing.T) {
	testkit.Slow(t)
	const items = 60
	limits := map[string]struct {
		prepare func(t *testing.T, most int, args ...string) *running
		name    string
	}{
		"control group": {func(t *testing.T, most int, args ...string) *running {
			group, _ := pidsGroup(t, most)
			return prepare(t, within(group, args...)...)
		}, "pids.max of the control group "},
		"user": {func(t *testing.T, most int, args ...string) *running {
			r := prepare(t, args...)
			r.asUser(most)
			return r
		}, "the limit of the user (ulimit -u)"},
	}
	for kind, limit := range limits {
		for _, most := range []int{12, 16, 20, 26, 40, 80} {
			for _, slots := range []string{"", "-j4", "-j30", "-j60", "-j80"} {
				for _, mode := range []string{"thread", "process"} {
					t.Run(fmt.Sprintf("%s %d %s %s", kind, most, slots, mode), func(t *testing.T) {
						args := []string{"fanout", "-p", "none", "-m", mode, "echo {} | cat; sleep 0.01", ":::"}
						if slots != "" {
							args = slices.Insert(args, 1, slots)
						}
						for i := range items {
							args = append(args, strconv.Itoa(i))
						}
						r := limit.prepare(t, most, args...)
						r.begin()
						out := strings.Fields(r.printed())
						code := r.exitCode()
						said := string(r.said())
						ran, none := code == 0 || code == 123, code == 1
						switch {
						case strings.Contains(said, "goroutine"):
							t.Errorf("a trace: %.1000s", said)
						case ran && code == 0 && len(out) != items:
							t.Errorf("%d of %d items are there: %s", len(out), items, said)
						case code == 123 && (!strings.Contains(said, fmt.Sprintf("%d jobs: ", items)) || !strings.Contains(said, "not started")):
							t.Errorf("%s", said)
						case none && (len(out) > 0 || !strings.Contains(said, limit.name)):
							t.Errorf("%d items were run: %s", len(out), said)
						case !ran && !none:
							t.Errorf("exit code %d: %s", code, said)
						}
						enough := map[string]int{"thread": 40, "process": 80}[mode]
						if slots == "-j80" && !none || slots == "" && most >= enough && code != 0 {
							t.Errorf("exit code %d: %s", code, said)
						}
					})
				}
			}
		}
	}
}

// exitCode waits for the end as ends does, and returns the exit code.
func (r *running) exitCode() (code int) {
	r.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(waitLimit):
		r.t.Fatalf("it does not end; left: %v; stderr:\n%s", r.processes(), r.said())
	}
	if left := r.processes(); len(left) > 0 {
		r.t.Errorf("%d processes are left:%s", len(left), testkit.Describe(left))
	}
	return r.cmd.ProcessState.ExitCode()
}

// TestFullForAWhile: others have used up the limit on processes. Jobs wait as long as a job of this run still runs, and
// start when there is room again. If no job runs for long, the waiting ones are not started.
func TestFullForAWhile(t *testing.T) {
	const items, slots = 30, 8
	for name, again := range map[string]bool{"and room again": true, "for good": false} {
		t.Run(name, func(t *testing.T) {
			group, file := pidsGroup(t, 2000)
			r := prepare(t, within(group, "fanout", "-p", "none", "-t", "60", "-j"+strconv.Itoa(slots), "cat", "gate", "{}")...)
			at := func(name string) string { return filepath.Join(r.dir, name) }
			set := func(file, text string) {
				t.Helper()
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			open := func(gate string, how int) bool { // releases the jobs that wait for it
				w, err := os.OpenFile(at(gate), how, 0)
				w.Close()
				return err == nil
			}
			for i := range items {
				set(at(strconv.Itoa(i)), strconv.Itoa(i)+"\n")
			}
			if again { // the first job runs longer
				os.Remove(at("0"))
				if err := unix.Mkfifo(at("0"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := unix.Mkfifo(at("gate"), 0o600); err != nil {
				t.Fatal(err)
			}
			r.begin()
			for i := range items {
				fmt.Fprintln(r.stdin, i)
			}
			r.stdin.Close()
			r.eventually("as many jobs as slots", func() bool { return r.programs("cat") == slots })
			set(file, "3")
			// Jobs that come later find a new file behind the gate's name.
			set(at("new"), "")
			if err := errors.Join(os.Link(at("gate"), at("old")), os.Rename(at("new"), at("gate"))); err != nil {
				t.Fatal(err)
			}
			open("old", os.O_RDWR)
			if again {
				r.eventually("a message about it", func() bool { return strings.Contains(string(r.said()), "jobs wait for room for their processes") })
				set(file, "2000")
				r.eventually("the first job at its gate", func() bool { return open("0", os.O_WRONLY|unix.O_NONBLOCK) })
			}
			out := strings.Fields(r.printed())
			switch code := r.exitCode(); {
			case again && (code != 0 || len(out) != items-1):
				t.Errorf("exit code %d, %d of %d items: %s", code, len(out), items, r.said())
			case !again && (code != 123 || len(out) != slots):
				t.Errorf("exit code %d, %d of %d items: %s", code, len(out), slots, r.said())
			}
			if summary := fmt.Sprintf("%d jobs: %d ok, %d failed (%[3]d not started)", items, slots, items-slots); !again && !strings.Contains(string(r.said()), summary) {
				t.Errorf("it said %s", r.said())
			}
		})
	}
}

// programs counts the processes of a program that wait for something.
func (r *running) programs(name string) (n int) {
	for _, pid := range r.processes() {
		program, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if p, ok := proc.Living(pid); ok && p.State == 'S' && string(program) == name+"\n" {
			n++
		}
	}
	return n
}

// TestFewFiles: the limit on open files lowers the default number of jobs, and makes a larger -j an error. There is a
// guardian in all cases.
func TestFewFiles(t *testing.T) {
	for _, tt := range []struct {
		files string
		args  []string
		code  int
		says  string
	}{
		{"64", nil, 0, ""},
		{"100", []string{"-j2"}, 0, ""},
		{"64", []string{"-m", "process"}, 0, ""},
		{"64", []string{"-j4"}, 1, "fanout: -j 4: 84 open files are needed and the system allows 64: use fewer workers (-j), or raise the hard limit (ulimit -Hn)\n"},
		{"64", []string{"-j30", "-m", "process"}, 1, "fanout: -j 30: 272 open files are needed and the system allows 64: use fewer workers (-j), or raise the hard limit (ulimit -Hn)\n"},
		{"20", nil, 1, "fanout: one job at a time: 45 open files are needed and the system allows 20: raise the hard limit (ulimit -Hn)\n"},
	} {
		t.Run(fmt.Sprint(tt.files, tt.args), func(t *testing.T) {
			args := slices.Concat([]string{"sh", "-c", `ulimit -n $0 && exec fanout -q "$@"`, tt.files}, tt.args, []string{"ulimit -n; /bin/echo {}", ":::", "1", "2", "3", "4", "5"})
			r := start(t, args...)
			out := strings.Fields(r.printed())
			r.ends(tt.code)
			if said := string(r.said()); said != tt.says {
				t.Errorf("it said %q, want %q", said, tt.says)
			}
			if want := 10 * (1 - tt.code); len(out) != want {
				t.Errorf("it printed %q", out)
			}
			for i := 0; i < len(out); i += 2 {
				if out[i] != tt.files {
					t.Errorf("jobs may open %s files, want %s, as for the user", out[i], tt.files)
				}
			}
		})
	}
}

// TestSignalsWhenFull: the guardian and the runner obey signals without a new thread, because there may be no room for
// one.
func TestSignalsWhenFull(t *testing.T) {
	for _, args := range [][]string{{"-j20"}, {"-j3", "-m", "process"}} {
		for _, tt := range []struct {
			signals []syscall.Signal
			says    string
		}{
			{[]syscall.Signal{syscall.SIGTERM}, "stopped"},
			{[]syscall.Signal{syscall.SIGINT, syscall.SIGINT}, "stopped"},
			{[]syscall.Signal{syscall.SIGUSR1, syscall.SIGTERM}, "fanout: running: "},
			{[]syscall.Signal{syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGTERM}, "stopped"},
			{[]syscall.Signal{syscall.SIGUSR2, syscall.SIGHUP}, "draining"},
		} {
			t.Run(fmt.Sprint(args, tt.signals), func(t *testing.T) {
				group, file := pidsGroup(t, 2000)
				r := prepare(t, within(group, slices.Concat([]string{"fanout", "-p", "none"}, args, []string{"sleep 1000; : {}"})...)...)
				r.begin()
				for i := range 30 {
					fmt.Fprintln(r.stdin, i)
				}
				n, _ := strconv.Atoi(strings.TrimPrefix(args[0], "-j"))
				r.eventually("all jobs", func() bool { return r.programs("sleep") == n })
				if err := os.WriteFile(file, []byte("1"), 0o644); err != nil {
					t.Fatal(err)
				}
				for _, s := range tt.signals {
					r.signal(s)
					switch s {
					case syscall.SIGTSTP:
						r.eventually("it is stopped", func() bool { return state(r.cmd.Process.Pid) == 'T' })
					case syscall.SIGUSR1, syscall.SIGUSR2:
						r.eventually("a message", func() bool { return strings.Contains(string(r.said()), tt.says) })
					}
				}
				r.printed()
				r.ends(128 + int(tt.signals[len(tt.signals)-1]))
				if said := string(r.said()); strings.Contains(said, "goroutine") || !strings.Contains(said, tt.says) {
					t.Errorf("it said %.1000s", said)
				}
			})
		}
	}
}
