package process

import (
	"bytes"
	"os"
	"strconv"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// relative is a process that may belong to a job. Its pid and start name it for
// ever: a pid alone is used again.
type relative struct {
	pid, parent, group int
	start              uint64 // clock ticks since the system's start
}

// same says that they are one process, whatever its parent and group are by now.
func (r relative) same(o relative) bool { return r.pid == o.pid && r.start == o.start }

// living is all processes that are no zombies, by pid.
func living() map[int]relative {
	seen := map[int]relative{}
	dir, err := os.Open("/proc")
	if err != nil {
		return seen
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if r, ok := look(pid); ok {
				seen[pid] = r
			}
		}
	}
	return seen
}

// look finds out about one process. Zombies do not count.
//
// An emulator makes up what a process reads of itself: under qemu-user it would have begun when the thread that
// asks did, and what jobs had left behind by then would count as older than us. What is read of the first thread is
// the system's own, and the same.
func look(pid int) (relative, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	if pid == os.Getpid() {
		dir += "/task/" + strconv.Itoa(pid)
	}
	fd, err := unix.Open(dir+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return relative{}, false
	}
	defer unix.Close(fd)
	var stat [1024]byte // it is one line of 52 numbers
	n, err := sysio.Read(fd, stat[:])
	if err != nil {
		return relative{}, false
	}
	r, ok := parseStat(stat[:n])
	r.pid = pid
	return r, ok
}

// parseStat reads /proc/PID/stat: "PID (NAME) STATE PPID PGRP …", where NAME may
// hold blanks and parentheses, and the 22nd field is the start.
func parseStat(stat []byte) (r relative, ok bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return r, false
	}
	var errs [3]error
	r.parent, errs[0] = strconv.Atoi(string(fields[1]))
	r.group, errs[1] = strconv.Atoi(string(fields[2]))
	r.start, errs[2] = strconv.ParseUint(string(fields[19]), 10, 64)
	return r, errs == [3]error{}
}

// send signals a process that was seen, if it still is that process: a pidfd
// cannot come to mean another, and what is behind it is looked at once more.
func (r relative) send(s unix.Signal) {
	fd, err := unix.PidfdOpen(r.pid, 0)
	if err == nil {
		defer unix.Close(fd)
	}
	if now, ok := look(r.pid); !ok || now.start != r.start {
		return
	}
	if err == nil {
		err = unix.PidfdSendSignal(fd, s, nil, 0)
	}
	if err != nil && err != unix.ESRCH { // there are no pidfds: the look was a moment ago
		unix.Kill(r.pid, s)
	}
}

// signalChild signals a child of ours that was not reaped: the pid is its own.
func signalChild(pid int, s unix.Signal) {
	if !sysio.Refused(unix.Kill(pid, s)) {
		return
	}
	if fd, err := unix.PidfdOpen(pid, 0); err == nil {
		unix.PidfdSendSignal(fd, s, nil, 0)
		unix.Close(fd)
	}
}

// childrenOf is the children of all threads of a process, as far as the system lists
// them.
func childrenOf(pid int) (pids []int) {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil
	}
	for _, thread := range threads {
		text, _ := os.ReadFile(tasks + thread.Name() + "/children")
		for _, word := range bytes.Fields(text) {
			if child, err := strconv.Atoi(string(word)); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// jobIDsOf is what a process's environment says about the job that it belongs to,
// "" when nothing.
func jobIDsOf(pid int) string {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return ""
	}
	for _, kv := range bytes.Split(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(kv, []byte(JobIDVariable+"=")); ok {
			return string(value)
		}
	}
	return ""
}
