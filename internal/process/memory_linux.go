package process

import (
	"fmt"
	"time"

	"fanout/internal/process/proc"
)

// memoryEvery is how often the memory of a job with a limit is measured. That costs a few microseconds a process.
const memoryEvery = 50 * time.Millisecond

// CanLimitMemory reports whether jobs can be held to a memory limit on this system.
const CanLimitMemory = true

// watchesMemory reports whether we hold jobs to their limit, and not the kernel.
func (s *Supervisor) watchesMemory() bool { return s.spec.Memory > 0 && s.cgroups == nil }

// checkMemory ends a job whose processes have more resident memory than they may, without grace: the whole machine is
// about to be short of memory. Memory that processes share is counted for each.
func (t *Tree) checkMemory() {
	now := time.Now()
	if now.Before(t.memoryAt) {
		return
	}
	t.memoryAt = now.Add(memoryEvery)
	var used int64
	for _, p := range t.processes() {
		used += proc.Memory(p.PID)
	}
	if used <= t.sup.spec.Memory {
		return
	}
	t.endForMemory(used)
}

func (t *Tree) endForMemory(used int64) {
	t.overMemory = used
	t.noGrace.Store(true)
	t.terminate()
}

// enterCgroup makes a process of the job start in the job's control group.
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

// checkCgroup ends the rest of a job that was over its limit: the kernel may have killed only some of it.
func (t *Tree) checkCgroup() {
	if t.cgroup != nil && t.stage == running && t.cgroup.overLimit() {
		t.endForMemory(t.sup.spec.Memory)
	}
}

// leaveCgroup removes the job's group. Leftovers of the job keep it.
func (t *Tree) leaveCgroup() {
	if t.cgroup != nil {
		t.cgroup.remove()
		t.cgroup = nil
	}
}
