package proc

import (
	"bytes"
	"errors"
	"iter"
	"os"
	"slices"
	"strconv"
	"time"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// root is where the processes of the system are listed.
const root = "/proc/"

// Unusable returns why /proc cannot be used to look at processes, nil when it can.
func Unusable() error {
	switch self, err := os.Readlink(root + "self"); {
	case err != nil:
		return err
	case self != strconv.Itoa(os.Getpid()):
		return errors.New("it shows the processes of another PID namespace")
	}
	return nil
}

// Read returns what the system says of one process, zombies included.
//
// An emulator makes up what a process reads of itself: under qemu-user it would have begun when the thread that asks
// did, and leftovers of jobs would count as older than fanout. What is read of the first thread comes from the system,
// and is the same.
func Read(pid int) (Process, bool) {
	dir := root + strconv.Itoa(pid)
	if pid == os.Getpid() {
		dir += "/task/" + strconv.Itoa(pid)
	}
	fd, err := unix.Open(dir+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Process{}, false
	}
	defer unix.Close(fd)
	return readStat(fd, pid)
}

func readStat(fd, pid int) (Process, bool) {
	var stat [1024]byte // it is one line of 52 numbers
	n, err := sysio.Read(fd, stat[:])
	if err != nil {
		return Process{}, false
	}
	p, ok := parseStat(stat[:n])
	p.PID = pid
	return p, ok
}

// parseStat reads /proc/PID/stat: "PID (NAME) STATE PPID PGRP …", where NAME may hold blanks and parentheses. The 20th
// field counts the threads, and the 22nd is the start.
func parseStat(stat []byte) (p Process, ok bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return p, false
	}
	var errs [4]error
	p.State = fields[0][0]
	p.Parent, errs[0] = strconv.Atoi(string(fields[1]))
	p.Group, errs[1] = strconv.Atoi(string(fields[2]))
	p.Threads, errs[2] = strconv.Atoi(string(fields[17]))
	p.Start, errs[3] = strconv.ParseUint(string(fields[19]), 10, 64)
	return p, errs == [4]error{}
}

// Living is Read for a process that is no zombie.
func Living(pid int) (Process, bool) {
	p, ok := Read(pid)
	return p, ok && !p.Zombie()
}

// All returns all processes that are no zombies, by PID.
func All() map[int]Process {
	seen := map[int]Process{}
	for _, pid := range pids() {
		if p, ok := Living(pid); ok {
			seen[pid] = p
		}
	}
	return seen
}

// pids returns the PIDs of all processes, in the order of /proc, which is their own.
func pids() (all []int) {
	dir, err := os.Open(root)
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// NewestFirst returns the PIDs of all processes, the one that the system has given last before the others: a process
// that forks and exits again and again has to be found while it lives.
func NewestFirst() []int {
	last := lastPID()
	var newer, older []int // PIDs begin again at their end
	for _, pid := range pids() {
		if pid > last {
			older = append(older, pid)
		} else {
			newer = append(newer, pid)
		}
	}
	slices.Reverse(newer)
	slices.Reverse(older)
	return append(newer, older...)
}

// lastPID returns the PID that the system has given last.
func lastPID() int {
	text, _ := os.ReadFile(root + "loadavg")
	fields := bytes.Fields(text)
	if len(fields) < 5 {
		return 0
	}
	pid, _ := strconv.Atoi(string(fields[4]))
	return pid
}

// Children returns the children of all threads of a process, as far as the system lists them.
func Children(pid int) (children []int) {
	tasks := root + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil
	}
	for _, thread := range threads {
		text, _ := os.ReadFile(tasks + thread.Name() + "/children")
		for _, word := range bytes.Fields(text) {
			if child, err := strconv.Atoi(string(word)); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// JobIDs returns the IDs of the jobs that a process belongs to by its environment: the innermost job first.
func JobIDs(pid int) []string {
	environ, err := os.ReadFile(root + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil
	}
	return slices.Collect(JobIDsIn(environ))
}

// Files yields the targets of a process's open descriptors, such as pipe:[4711].
func Files(pid int) iter.Seq[string] {
	return func(yield func(string) bool) {
		dir := root + strconv.Itoa(pid) + "/fd/"
		fds, _ := os.ReadDir(dir)
		for _, fd := range fds {
			if target, err := os.Readlink(dir + fd.Name()); err == nil && !yield(target) {
				return
			}
		}
	}
}

// Memory returns the resident memory of a process in bytes, 0 when the process is gone.
func Memory(pid int) int64 {
	text, err := os.ReadFile(root + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// ticks is how many there are in a second, as all of /proc counts: USER_HZ is the same on all our systems, whatever the
// kernel's own clock does.
const ticks = 100

// Now returns the time in ticks since the system's start, as processes' starts are counted.
func Now() uint64 { return uint64(sinceBoot() / (time.Second / ticks)) }

// Age returns how long ago the process was started.
func (p Process) Age() time.Duration {
	up := sinceBoot()
	if up == 0 {
		return 0
	}
	return max(0, up-time.Duration(p.Start)*(time.Second/ticks))
}

// sinceBoot returns 0 where the system does not tell.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
