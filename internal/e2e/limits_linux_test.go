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

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// limitedGroup makes a control group with a group in it, and returns the folder of that. The outer
// one has limits: files of version 2 or, where the controller is of version 1, of that.
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

// groupsOf is where the groups of a controller of version 1 are mounted, else "".
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

// printed is what it writes to standard output until its end.
func (r *running) printed() string {
	r.t.Helper()
	r.stdout.SetReadDeadline(time.Now().Add(patience))
	out, err := io.ReadAll(r.stdout)
	if err != nil {
		r.t.Errorf("its output does not end: %v; stderr:\n%s", err, r.said())
	}
	return string(out)
}

// within is a command that runs in a control group.
func within(group string, command ...string) []string {
	return slices.Concat([]string{"sh", "-c", `echo $$ > "$0"/cgroup.procs && exec "$@"`, group}, command)
}

// TestQuota: the number of jobs at a time goes by the time of CPUs that the control groups
// allow, also where that is the limit of a group around fanout's own.
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
			// Each job waits until as many others run as are wanted.
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

// pidsGroup is a group in one that allows so many processes and threads, with the file that
// says so.
func pidsGroup(t *testing.T, most int) (inner, file string) {
	t.Helper()
	limit := map[string]string{"pids.max": strconv.Itoa(most)}
	inner = limitedGroup(t, "pids", limit, limit)
	return inner, filepath.Join(filepath.Dir(inner), "pids.max")
}

// asUser has a command run as a user who has no other processes, and may have so many, in a folder
// that is the user's.
func (r *running) asUser(most int) {
	t := r.t
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can start what another user has")
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
	copied := filepath.Join(dir, "fanout") // that of the tests is in a folder of root's
	if err := errors.Join(copyFile(program, copied), os.Chmod(copied, 0o755), os.Chown(dir, uid, uid)); err != nil {
		t.Fatal(err)
	}
	user := []string{"setpriv", "--reuid", strconv.Itoa(uid), "--regid", strconv.Itoa(uid), "--clear-groups", "prlimit", "--nproc=" + strconv.Itoa(most), copied}
	r.cmd.Args = append(user, r.cmd.Args[1:]...)
	if r.cmd.Path, err = exec.LookPath("setpriv"); err != nil {
		t.Fatal(err)
	}
	r.cmd.Dir = dir
	r.registry(dir)
	r.cmd.Env = append(r.cmd.Env, "HOME="+dir)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755)
}

// TestProcessLimit: however few processes and threads there may be, each item has an outcome, or
// nothing was run and the limit is named. What is not possible ends before the Go runtime does.
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
						code := r.waits()
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

// waits is ends for who wants to know the exit code.
func (r *running) waits() (code int) {
	r.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(patience):
		r.t.Fatalf("it does not end; left: %v; stderr:\n%s", r.marked(), r.said())
	}
	if left := r.marked(); len(left) > 0 {
		r.t.Errorf("%d processes are left:%s", len(left), testkit.Describe(left))
	}
	return r.cmd.ProcessState.ExitCode()
}

// TestFullForAWhile: when others have taken all the room, jobs wait as long as one of ours runs, and
// go on when there is some again; when nothing of ours runs for long, they have not been started.
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
			open := func(gate string, how int) bool { // lets those go on that wait for it
				w, err := os.OpenFile(at(gate), how, 0)
				w.Close()
				return err == nil
			}
			for i := range items {
				set(at(strconv.Itoa(i)), strconv.Itoa(i)+"\n")
			}
			if again { // the first goes on for longer
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
			if err := os.Rename(at("gate"), at("old")); err != nil {
				t.Fatal(err)
			}
			set(at("gate"), "")
			open("old", os.O_RDWR) // who has not come there yet finds the new one
			if again {
				r.eventually("a word about it", func() bool { return strings.Contains(string(r.said()), "jobs wait for room for their processes") })
				set(file, "2000")
				r.eventually("the first job at its gate", func() bool { return open("0", os.O_WRONLY|unix.O_NONBLOCK) })
			}
			out := strings.Fields(r.printed())
			switch code := r.waits(); {
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

// programs counts the processes of a program.
func (r *running) programs(name string) (n int) {
	for _, pid := range r.marked() {
		if program, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); string(program) == name+"\n" {
			n++
		}
	}
	return n
}

// TestFewFiles: how many files may be open lowers the default, and makes an error of what was asked
// for. There is a guardian at any rate.
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
					t.Errorf("jobs may open %s files, and not %s as the user", out[i], tt.files)
				}
			}
		})
	}
}

// TestSignalsWhenFull: the guardian and the runner need no thread that they do not have to obey signals, when
// there is no room for one.
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
						r.eventually("a word", func() bool { return strings.Contains(string(r.said()), tt.says) })
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
