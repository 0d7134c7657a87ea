package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// memoryEvery is how often the memory of a job with a limit is looked at. It is a few
// microseconds a process.
const memoryEvery = 50 * time.Millisecond

// CanLimitMemory says whether there is a way to hold jobs to a limit.
const CanLimitMemory = true

// watchesMemory says whether it is us who keep jobs to their limit, and not the kernel.
func (s *Supervisor) watchesMemory() bool { return s.spec.Memory > 0 && s.cgroups == nil }

// checkMemory ends a job whose processes have more resident memory than they may, without
// grace: it is about to be the machine that is short of memory. Memory that they share is
// counted for each.
func (t *Tree) checkMemory() {
	now := time.Now()
	if now.Before(t.memoryAt) {
		return
	}
	t.memoryAt = now.Add(memoryEvery)
	var used int64
	for _, m := range t.members() {
		used += residentMemory(m.pid)
	}
	if used <= t.sup.spec.Memory {
		return
	}
	t.endForMemory(used)
}

func (t *Tree) endForMemory(used int64) {
	t.overMemory = used
	t.hurry.Store(true)
	t.terminate()
}

// enterCgroup has a process of the job be started in the job's control group.
func (t *Tree) enterCgroup(c *Command) error {
	if t.sup.cgroups == nil {
		return nil
	}
	if t.cgroup == nil {
		var err error
		if t.cgroup, err = t.sup.cgroups.add(); err != nil {
			return fmt.Errorf("a control group for --memory-limit: %w", err)
		}
	}
	c.cgroup = t.cgroup.fd
	return nil
}

// checkCgroup ends what the kernel has left of a job when it was over its limit.
func (t *Tree) checkCgroup() {
	if t.cgroup != nil && t.stage == running && t.cgroup.overLimit() {
		t.endForMemory(t.sup.spec.Memory)
	}
}

// leaveCgroup removes the job's group. What the job has left running keeps it.
func (t *Tree) leaveCgroup() {
	if t.cgroup != nil {
		t.cgroup.remove()
		t.cgroup = nil
	}
}

// residentMemory is that of one process, in bytes; 0 when it has gone.
func residentMemory(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
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
