package process

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// cgroups is a control group (version 2) that was delegated to us, in which each job with a memory limit gets a group
// of its own: the kernel then keeps the job to the limit, and charges nothing twice that jobs share.
//
// A group that has groups below it, with controllers, may hold no processes. So fanout's own processes go to a group
// below, too:
//
//	DELEGATED
//	├── fanout.runner          guardian, warden, runner, workers
//	├── fanout.job.PID.1
//	└── fanout.job.PID.2
type cgroups struct {
	dir   string
	limit int64
	count atomic.Int64
}

const (
	runnerGroup = "fanout.runner"
	jobGroup    = "fanout.job."
)

// errNotDelegated is why jobs are watched instead.
var errNotDelegated = errors.New("no control group was delegated to fanout alone")

// TakeCgroup prepares the control group that this process, its warden and its guardian are in for groups of jobs, if it was
// delegated to them.
func TakeCgroup() error {
	own, err := ownCgroup()
	if err != nil {
		return err
	}
	return delegate(own)
}

// openCgroups is for a fanout in a group that TakeCgroup has prepared.
func openCgroups(limit int64) (*cgroups, error) {
	own, err := ownCgroup()
	if err != nil {
		return nil, err
	}
	if filepath.Base(own) != runnerGroup {
		return nil, errNotDelegated
	}
	if err := canStartInCgroup(); err != nil {
		return nil, err
	}
	g := &cgroups{dir: filepath.Dir(own), limit: limit}
	// Find out now what the kernel lacks, such as memory.oom.group before 4.19.
	try, err := g.add()
	if err != nil {
		return nil, err
	}
	try.remove()
	return g, nil
}

// canStartInCgroup tries to start a process in a group that does not exist. The kernel refuses it in one way if it
// knows how to start processes in groups, which is so from 5.7 on, and in another if it does not or a sandbox forbids
// it.
func canStartInCgroup() error {
	args := struct {
		flags      uint64
		_          [3]uint64
		exitSignal uint64
		_          [5]uint64
		cgroup     uint64
	}{flags: unix.CLONE_INTO_CGROUP, exitSignal: uint64(unix.SIGCHLD), cgroup: 1 << 30}
	_, _, err := unix.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	if err != unix.EBADF {
		return fmt.Errorf("clone3: %w", err)
	}
	return nil
}

// ownCgroup returns the folder of the group that this process is in.
func ownCgroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return cgroupFolder(path)
		}
	}
	return "", errNotDelegated
}

// cgroupFolder returns where a group is mounted.
func cgroupFolder(path string) (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// 35 25 0:29 ROOT POINT rw,nosuid - cgroup2 cgroup2 rw
		mount, kind, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(mount)
		if len(fields) < 5 || !strings.HasPrefix(kind, "cgroup2 ") {
			continue
		}
		below, err := filepath.Rel(fields[3], path)
		if err == nil && below != ".." && !strings.HasPrefix(below, "../") {
			return filepath.Join(fields[4], below), nil
		}
	}
	return "", errNotDelegated
}

// delegate prepares a group for groups of jobs. The group is ours only if no other process is in it.
func delegate(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "cgroup.type")); err != nil {
		return errNotDelegated // the root of all groups is never delegated
	}
	if !slices.Contains(words(dir, "cgroup.controllers"), "memory") {
		return errNotDelegated
	}
	for _, pid := range words(dir, "cgroup.procs") {
		if !isFanout(pid) {
			return errNotDelegated
		}
	}
	runner := filepath.Join(dir, runnerGroup)
	if err := os.Mkdir(runner, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	err := move(dir, runner)
	if err == nil {
		err = write(dir, "cgroup.subtree_control", "+memory")
	}
	if err != nil {
		undelegate(dir)
	}
	return err
}

// isFanout reports whether a process is this one, or its warden or guardian.
func isFanout(pid string) bool {
	parent := os.Getppid()
	above, _ := proc.Read(parent)
	switch pid {
	case strconv.Itoa(os.Getpid()):
		return true
	case strconv.Itoa(parent), strconv.Itoa(above.Parent):
	default:
		return false
	}
	ours, err := os.Readlink("/proc/self/exe")
	theirs, err2 := os.Readlink("/proc/" + pid + "/exe")
	return err == nil && err2 == nil && ours == theirs
}

// undelegate restores a group to what it was before delegate.
func undelegate(dir string) error {
	left, _ := filepath.Glob(filepath.Join(dir, jobGroup+"*"))
	for _, group := range left {
		removeCgroup(group)
	}
	runner := filepath.Join(dir, runnerGroup)
	return errors.Join(
		write(dir, "cgroup.subtree_control", "-memory"),
		move(runner, dir),
		os.Remove(runner),
	)
}

// LeaveCgroups gives back the control group that was delegated to fanout, when none of its workers or jobs is left. The
// runner calls it, and its guardian when the runner could not.
func LeaveCgroups() {
	if own, err := ownCgroup(); err == nil && filepath.Base(own) == runnerGroup {
		// A group that still has processes keeps them: they were left running on purpose.
		undelegate(filepath.Dir(own))
	}
}

// move moves all processes of a group to another.
func move(from, to string) error {
	for _, pid := range words(from, "cgroup.procs") {
		if err := write(to, "cgroup.procs", pid); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

func words(dir, file string) []string {
	text, _ := os.ReadFile(filepath.Join(dir, file))
	return strings.Fields(string(text))
}

func write(dir, file, text string) error {
	return os.WriteFile(filepath.Join(dir, file), []byte(text), 0)
}

// cgroup is the control group of one job.
type cgroup struct {
	dir string
	fd  int // of the folder
}

// add makes a group for one job.
func (g *cgroups) add() (*cgroup, error) {
	name := fmt.Sprintf("%s%d.%d", jobGroup, os.Getpid(), g.count.Add(1))
	c := &cgroup{dir: filepath.Join(g.dir, name), fd: -1}
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		return nil, err
	}
	err := errors.Join(
		write(c.dir, "memory.max", strconv.FormatInt(g.limit, 10)),
		write(c.dir, "memory.oom.group", "1"),
	)
	if err == nil {
		err = write(c.dir, "memory.swap.max", "0")
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // the kernel does not count swap, or there is none
		}
	}
	if err == nil {
		c.fd, err = unix.Open(c.dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		os.Remove(c.dir)
		return nil, err
	}
	return c, nil
}

// overLimit reports whether the kernel has killed the job for its memory.
func (c *cgroup) overLimit() bool {
	events := words(c.dir, "memory.events") // name, count, name, count
	count := func(name string) bool {
		i := slices.Index(events, name)
		return i >= 0 && i+1 < len(events) && events[i+1] != "0"
	}
	// oom alone counts an allocation that failed; oom_kill alone comes from a shortage of the whole machine.
	return count("oom") && count("oom_kill")
}

// remove has no effect while the job has processes left.
func (c *cgroup) remove() {
	unix.Close(c.fd)
	removeCgroup(c.dir)
}

// removeCgroup removes a group and those that the job has made below it.
func removeCgroup(dir string) {
	if err := os.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	below, _ := os.ReadDir(dir)
	for _, e := range below {
		if e.IsDir() {
			removeCgroup(filepath.Join(dir, e.Name()))
		}
	}
	os.Remove(dir)
}
