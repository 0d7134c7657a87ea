package e2e_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// refusals lists the system calls that fanout uses, or could use: those that strace(1) shows in runs of all kinds.
//
// It omits three kinds of calls. No Go program lives without mmap, munmap, futex, clone of threads, rt_sigaction,
// rt_sigprocmask, sigaltstack, epoll_*, eventfd2, fcntl(F_GETFD, F_GETFL) and exit_group. Nothing can be run, read or
// written without execve, openat, read, write and close. And by their manual, getpid, getppid, getuid and the like
// never fail, so no program checks them.
var refusals = append([]refusal{
	{name: "splice", number: unix.SYS_SPLICE},
	{name: "sendfile", number: unix.SYS_SENDFILE},
	{name: "tee", number: unix.SYS_TEE},
	{name: "vmsplice", number: unix.SYS_VMSPLICE},
	{name: "pidfd_open", number: unix.SYS_PIDFD_OPEN},
	{name: "pidfd_send_signal", number: unix.SYS_PIDFD_SEND_SIGNAL},
	{name: "pidfd_getfd", number: unix.SYS_PIDFD_GETFD},
	{name: "clone3", number: unix.SYS_CLONE3},
	{name: "clone", number: unix.SYS_CLONE, test: bits, value: unix.CLONE_PIDFD},
	{name: "clone", number: unix.SYS_CLONE, test: bits, value: unix.CLONE_VFORK},
	{name: "waitid", number: unix.SYS_WAITID},
	{name: "wait4", number: unix.SYS_WAIT4, shells: true},
	{name: "prctl", number: unix.SYS_PRCTL},
	{name: "prctl", number: unix.SYS_PRCTL, test: equal, value: unix.PR_SET_CHILD_SUBREAPER, alias: "subreaper"},
	{name: "prctl", number: unix.SYS_PRCTL, test: equal, value: unix.PR_SET_PDEATHSIG},
	{name: "memfd_create", number: unix.SYS_MEMFD_CREATE},
	{name: "signalfd4", number: unix.SYS_SIGNALFD4},
	{name: "inotify_init1", number: unix.SYS_INOTIFY_INIT1},
	{name: "openat", number: unix.SYS_OPENAT, arg: 2, test: bits, value: unix.O_TMPFILE &^ unix.O_DIRECTORY},
	{name: "openat2", number: unix.SYS_OPENAT2},
	{name: "linkat", number: unix.SYS_LINKAT, alias: "link"},
	{name: "renameat", number: unix.SYS_RENAMEAT, alias: "rename"},
	{name: "renameat2", number: unix.SYS_RENAMEAT2},
	{name: "unlinkat", number: unix.SYS_UNLINKAT, alias: "remove"},
	{name: "mkdirat", number: unix.SYS_MKDIRAT, alias: "mkdir"},
	{name: "readlinkat", number: unix.SYS_READLINKAT, alias: "readlink"},
	{name: "getdents64", number: unix.SYS_GETDENTS64, alias: "readdirent"},
	{name: "faccessat", number: unix.SYS_FACCESSAT, alias: "cannot be executed: permission denied"}, // the same text as for a file that may not be executed
	{name: "faccessat2", number: unix.SYS_FACCESSAT2},
	{name: "fstat", number: unix.SYS_FSTAT, alias: "stat"},
	{name: "statx", number: unix.SYS_STATX},
	{name: "fstatfs", number: unix.SYS_FSTATFS},
	{name: "lseek", number: unix.SYS_LSEEK, alias: "seek"},
	{name: "pread64", number: unix.SYS_PREAD64, alias: "pread"},
	{name: "pwrite64", number: unix.SYS_PWRITE64, alias: "pwrite"},
	{name: "ftruncate", number: unix.SYS_FTRUNCATE, alias: "truncate"},
	{name: "fallocate", number: unix.SYS_FALLOCATE},
	{name: "fadvise64", number: unix.SYS_FADVISE64},
	{name: "copy_file_range", number: unix.SYS_COPY_FILE_RANGE},
	{name: "fsync", number: unix.SYS_FSYNC, alias: "sync"},
	{name: "fdatasync", number: unix.SYS_FDATASYNC},
	{name: "flock", number: unix.SYS_FLOCK},
	{name: "getcwd", number: unix.SYS_GETCWD},
	{name: "chdir", number: unix.SYS_CHDIR},
	{name: "fcntl", number: unix.SYS_FCNTL, arg: 1, test: equal, value: unix.F_SETPIPE_SZ},
	{name: "fcntl", number: unix.SYS_FCNTL, arg: 1, test: equal, value: unix.F_DUPFD},
	{name: "fcntl", number: unix.SYS_FCNTL, arg: 1, test: equal, value: unix.F_DUPFD_CLOEXEC},
	{name: "fcntl", number: unix.SYS_FCNTL, arg: 1, test: equal, value: unix.F_SETFL},
	{name: "fcntl", number: unix.SYS_FCNTL, arg: 1, test: equal, value: unix.F_SETFD},
	{name: "ioctl", number: unix.SYS_IOCTL},
	{name: "ppoll", number: unix.SYS_PPOLL},
	{name: "pipe2", number: unix.SYS_PIPE2},
	{name: "dup3", number: unix.SYS_DUP3},
	{name: "close_range", number: unix.SYS_CLOSE_RANGE},
	{name: "socketpair", number: unix.SYS_SOCKETPAIR},
	{name: "getsockopt", number: unix.SYS_GETSOCKOPT},
	{name: "getpeername", number: unix.SYS_GETPEERNAME},
	{name: "recvfrom", number: unix.SYS_RECVFROM},
	{name: "sendto", number: unix.SYS_SENDTO},
	{name: "sendmsg", number: unix.SYS_SENDMSG},
	{name: "setpgid", number: unix.SYS_SETPGID},
	{name: "setsid", number: unix.SYS_SETSID},
	{name: "rt_sigtimedwait", number: unix.SYS_RT_SIGTIMEDWAIT},
	{name: "kill", number: unix.SYS_KILL},
	{name: "tgkill", number: unix.SYS_TGKILL},
	{name: "prlimit64", number: unix.SYS_PRLIMIT64},
	{name: "getrusage", number: unix.SYS_GETRUSAGE},
	{name: "getpriority", number: unix.SYS_GETPRIORITY, alias: "--nice"},
	{name: "setpriority", number: unix.SYS_SETPRIORITY, alias: "--nice"},
	{name: "sched_getaffinity", number: unix.SYS_SCHED_GETAFFINITY},
	{name: "sched_setaffinity", number: unix.SYS_SCHED_SETAFFINITY, alias: "--cpu-affinity"},
	{name: "madvise", number: unix.SYS_MADVISE},
	{name: "uname", number: unix.SYS_UNAME},
	{name: "sysinfo", number: unix.SYS_SYSINFO},
	{name: "getrandom", number: unix.SYS_GETRANDOM},
	{name: "nanosleep", number: unix.SYS_NANOSLEEP},
	{name: "clock_nanosleep", number: unix.SYS_CLOCK_NANOSLEEP},
}, refusalsHere...)

// errnos lists the errors of systems that refuse calls.
var errnos = []syscall.Errno{unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EINVAL, unix.EOPNOTSUPP}

// smallRun is a run of fanout, and its expected result.
type smallRun struct {
	name string
	args []string
	// control does what the jobs do, without fanout. If it fails, they may fail.
	control string
	code    int
	out     string
	shell   bool // a shell runs its jobs
}

const spilled = 3_000_000

var smallRuns = []smallRun{
	{"native", []string{"-k", "echo {} | cat", ":::", "1", "2", "3"}, "echo 1 | cat", 0, "1\n2\n3\n", false},
	{"records", []string{"-k", "--journal", "j", "--results", "r", "echo {} | cat; echo e{} >&2", ":::", "1", "2", "3"}, "echo 1 | cat", 0, "1\n2\n3\n", false},
	{"process", []string{"-k", "-m", "process", "-j2", "--nice", "1", "--cpu-affinity", "0", "--tag", "for i in 1; do echo $i {} | cat; done", ":::", "a", "b"}, "echo 1 | cat", 0, "a\t1 a\nb\t1 b\n", true},
	{"timeout", []string{"-j2", "-t", "0.3", "--grace", "0.1", "(setsid sleep 33 &) ; sleep 33 ; false {}", ":::", "1", "2"}, "(sleep 0.1 &) ; sleep 0.1", 123, "", true},
	{"spilled", []string{"-k", "-j2", "if [ {} = 1 ]; then sleep 0.3; fi; head -c 3000000 /dev/zero", ":::", "1", "2"}, "sleep 0.1; head -c 3000000 /dev/zero", 0, strings.Repeat("\x00", 2*spilled), true},
	{"persistent", []string{"-k", "-j1", "--persistent", "cat", ":::", "1", "2"}, "echo 1 | cat", 0, "1\n2\n", false},
	// These take turns.
	{"line", []string{"--output", "line", "-j1", "echo {} | cat", ":::", "1", "2"}, "echo 1 | cat", 0, "1\n2\n", false},
	{"raw", []string{"--output", "raw", "-j1", "echo {} | cat", ":::", "1", "2"}, "echo 1 | cat", 0, "1\n2\n", false},
	{"cleanup", []string{"cleanup", "--dry-run"}, "true", 0, "", false},
	{"ps", []string{"ps"}, "true", 0, "", false},
}

// turns is the number of runs that take turns; they are the last of the list.
const turns = 4

// TestRefused makes system calls fail, one after the other, with each error that systems use for it. The run gives its
// usual result, or an error names the call.
//
// In the first run, each call fails with each error. In each other run, it fails with one of them. The runs that take
// turns meet a part of the calls. With FANOUT_TEST_ALL=1, each call fails with all errors in all runs.
func TestRefused(t *testing.T) {
	testkit.Slow(t)
	testkit.Needs(t, "setsid")
	fanout := os.Getenv(testProgram)
	if fanout == "" {
		fanout = filepath.Join(t.TempDir(), "fanout") // it starts in half the time of the test binary
		build := exec.Command("go", "build", "-o", fanout, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as in make build; threads of C need clone3
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	all := os.Getenv("FANOUT_TEST_ALL") != ""
	for i, r := range refusals {
		t.Run(fmt.Sprintf("%s_%x", r.name, r.value), func(t *testing.T) {
			t.Parallel()
			s := refusing{t: t, fanout: fanout, refusal: r, entry: "FANOUT_TEST_ENTRY=" + rand.Text()}
			var running sync.WaitGroup
			for j, tr := range smallRuns {
				if turn := j - (len(smallRuns) - turns); turn >= 0 && turn != i%turns && !all {
					continue
				}
				if r.shells && tr.shell {
					continue
				}
				for k, errno := range errnos {
					if j == 0 || (i+j)%len(errnos) == k || all {
						running.Go(func() { s.check(tr, errno) }) // each mostly waits
					}
				}
			}
			running.Wait()
			s.noneLeft()
		})
	}
}

// refusing holds all runs in which one call fails.
type refusing struct {
	t *testing.T
	refusal
	fanout string
	entry  string // in the environment of all processes
}

// command prepares a program for which the call fails, in its own directory.
func (s *refusing) command(errno syscall.Errno, argv ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	dir := s.t.TempDir()
	cmd = exec.Command("refuse", slices.Concat(s.args(errno), argv)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), s.entry, "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// run reports whether a command ends in time.
func (s *refusing) run(cmd *exec.Cmd, most time.Duration) bool {
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
		return false
	}
	late := time.AfterFunc(most, s.kill)
	cmd.Wait()
	return late.Stop()
}

// kill kills all processes of these runs.
func (s *refusing) kill() {
	for _, pid := range s.left() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

func (s *refusing) left() []int { return (&running{entry: s.entry}).processes() }

func (s *refusing) noneLeft() {
	if left := s.left(); len(left) > 0 {
		s.t.Errorf("%d processes are left:%s", len(left), testkit.Describe(left))
		s.kill()
	}
}

func (s *refusing) check(tr smallRun, errno syscall.Errno) {
	cmd, stdout, stderr := s.command(errno, append([]string{s.fanout}, tr.args...)...)
	wrong := func(format string, args ...any) {
		s.t.Errorf("%s, %s: %s; stderr:\n%.600s", unix.ErrnoName(errno), tr.name, fmt.Sprintf(format, args...), stderr.Bytes())
	}
	ended := s.run(cmd, waitLimit)
	state := cmd.ProcessState
	if cpu := state.UserTime() + state.SystemTime(); cpu > 2*time.Second {
		wrong("it took %v of CPU", cpu)
	}
	if bytes.Contains(stderr.Bytes(), []byte("goroutine ")) {
		wrong("a trace")
	}
	switch {
	case !ended && s.possible(tr, errno):
		wrong("it does not end")
	case state.ExitCode() == tr.code && (stdout.String() == tr.out || tr.name == "ps" || tr.name == "cleanup"): // without a usable TMPDIR, these see the registry of other runs
	case state.ExitCode() > 0 && s.isNamed(stderr.String()):
	case s.possible(tr, errno):
		wrong("%v, stdout %.20q, want %d, %.20q", state, stdout, tr.code, tr.out)
	}
}

// isNamed reports whether an error names the call.
func (s *refusing) isNamed(text string) bool {
	return strings.Contains(text, s.name) || s.alias != "" && strings.Contains(text, s.alias)
}

// possible reports whether the jobs succeed without fanout.
func (s *refusing) possible(tr smallRun, errno syscall.Errno) bool {
	cmd, _, stderr := s.command(errno, "/bin/sh", "-c", tr.control)
	const most = 10 * time.Second
	return s.run(cmd, most) && cmd.ProcessState.Success() && stderr.Len() == 0
}
